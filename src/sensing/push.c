/* What a sensor sends by HTTP: whose it is, what it means, stored, answered. */
#include "sensing/push.h"

#include "account/account.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "sensing/push_store.h"
#include "sensing/telemetry.h"
#include "web/log.h"

#include <pthread.h>
#include <string.h>

#define PROTOCOL "http"
#define KEY_SIZE_MAX 128
#define ADDRESSES_MAX 4096 /* whose wrong keys are counted each for itself */

/* Of this process: wrong keys by address, messages by device. */
static PushGate *refusals, *messages;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_gates(void) {
    refusals = push_gate_new(ADDRESSES_MAX);
    messages = push_gate_new(LIMIT_DEVICES); /* only devices with their key come so far */
}

/* --- answers -------------------------------------------------------------------------------------
 */

static Response *answer(unsigned status, json_t *document) {
    g_autoptr(json_t) owned = document;
    Response *response =
        response_text(status, "application/json; charset=utf-8", json_write(owned));
    response_private(response);
    return response;
}

static Response *refuse(unsigned status, const char *word, const char *message) {
    json_t *document = json_object();
    json_put_text(document, "error", word);
    json_put_text(document, "message", message);
    return answer(status, document);
}

static Response *stored(const Telemetry *telemetry) {
    json_t *document = json_object();
    json_t *names = json_array();
    json_put_int(document, "stored", telemetry->readings->len);
    for (guint i = 0; i < telemetry->ignored->len; i++) {
        json_array_append_new(names, json_string(telemetry->ignored->pdata[i]));
    }
    json_put(document, "ignored", names);
    return answer(200, document);
}

/* --- whose it is ---------------------------------------------------------------------------------
 */

/* "X-Device-Key: KEY" or "Authorization: Bearer KEY"; NULL: none. */
static const char *key_of(const Request *req) {
    const char *key = request_header(req, "X-Device-Key");
    const char *bearer = request_header(req, "Authorization");
    if (key == NULL && bearer != NULL && g_ascii_strncasecmp(bearer, "Bearer ", 7) == 0) {
        key = bearer + 7;
    }
    return key != NULL && strlen(key) <= KEY_SIZE_MAX ? key : NULL;
}

/* NULL: it may. Otherwise the answer. A right key is always let in, because others may send wrong
 * ones from the same address: a mobile network, a proxy. */
static Response *check_sender(Ctx *ctx, const Request *req, const char *code) {
    g_autoptr(GError) error = NULL;
    const char *key = key_of(req);
    uint8_t hash[DIGEST_SIZE];
    bool fits = false;
    if (key != NULL && telemetry_code_is_valid(code)) {
        digest_of(DIGEST_SHA256, key, strlen(key), hash);
        if (!push_key_fits(ctx->db, PROTOCOL, code, hash, &fits, &error)) {
            log_problem(LOG_LEVEL_ERROR, "push.failed", "error=%s", error->message);
            return refuse(503, "unavailable", "not stored; send it again");
        }
    }
    if (fits) {
        return NULL;
    }
    if (!push_gate_admit(refusals, request_peer(req), LIMIT_TELEMETRY_REFUSALS, ctx->now_us)) {
        return refuse(429, "too-many", "too many wrong keys from this address; wait a minute");
    }
    account_refused(ctx, req, "device-key");
    return refuse(401, "key", "unknown device, or not its key (X-Device-Key)");
}

/* --- the report ----------------------------------------------------------------------------------
 */

static Response *failed(const GError *error) {
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID)) {
        return refuse(400, "invalid", error->message);
    }
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_LIMIT)) {
        return refuse(413, "limit", error->message);
    }
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED)) {
        return refuse(403, "denied", error->message);
    }
    log_problem(LOG_LEVEL_ERROR, "push.failed", "error=%s", error->message);
    return g_error_matches(error, HZ_ERROR, HZ_ERROR_INTERNAL)
               ? refuse(500, "unfit", "it can never be stored; do not send it again")
               : refuse(503, "unavailable", "not stored; send it again");
}

static Response *take(Ctx *ctx, const Request *req, const char *code) {
    g_autoptr(GError) error = NULL;
    g_auto(Telemetry) telemetry = {0};
    size_t size = 0;
    const char *body = request_body(req, &size);
    g_autoptr(json_t) document = json_read(body, size, &error);
    if (document == NULL || !telemetry_read(document, NULL, &telemetry, &error)) {
        return failed(error);
    }
    Ingest *ingest = ingest_current();
    if (ingest == NULL) {
        return refuse(503, "unavailable", "this server takes nothing from devices");
    }
    IngestMessage message = telemetry_message(&telemetry, PROTOCOL, code, ctx->now_us);
    if (!ingest_store(ingest, &message, &error)) {
        return failed(error);
    }
    return stored(&telemetry);
}

Response *push_report(Ctx *ctx, const Request *req) {
    pthread_once(&once, make_gates);
    const char *code = request_arg(req, "code");
    Response *refusal = check_sender(ctx, req, code);
    if (refusal != NULL) {
        return refusal;
    }
    if (!push_gate_admit(messages, code, LIMIT_TELEMETRY_RATE, ctx->now_us)) {
        return refuse(429, "too-many", "more messages than one device may send; wait a minute");
    }
    return take(ctx, req, code);
}
