/* What outbox_config.c has read and outbox_send.c uses. Only the alarm room includes it. */
#pragma once

#include "alarm/outbox.h"

/* One server that takes messages. Texts are owned. */
typedef struct OutboxServer {
    char *url; /* NULL: not configured */
    char *from, *user, *secret_file;
    bool needs_tls; /* mail: refuse to send in the clear */
    bool is_form;   /* SMS: form fields instead of JSON */
    json_t *body;   /* SMS: the gateway's fields with {{address}} and {{text}} */
} OutboxServer;

struct OutboxConfig {
    OutboxServer servers[OUTBOX_WAY_COUNT];
    json_t *people; /* array of {"role", "region", "way", "address", "name"} */
};

/* The first line of the server's secret file; NULL when it has none. Caller frees. */
bool outbox_secret(const OutboxServer *server, char **ret_secret, GError **error);
/* The gateway's fields with the message in them: caller unrefs. Pure. */
json_t *outbox_fill(const json_t *body, const OutboxMessage *message);
/* The mail as it goes over the wire: head, blank line, body; base64, CRLF. Caller frees. Pure. */
char *outbox_mail(const OutboxServer *server, const OutboxMessage *message, int64_t now_us);
