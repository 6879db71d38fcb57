/* Evidence files: how they come in, who may use them, how they are read. */
#include "casework/casework_file.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/casework_internal.h"
#include "casework/exif_facts.h"

#include <string.h>

/* --- coming in ----------------------------------------------------------------------------------
 */

static void put_degrees(json_t *facts, const char *key, double degrees) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    json_put_text(facts, key, g_ascii_formatd(text, sizeof text, "%.6f", degrees));
}

static char *facts_text(FileKind kind, const void *bytes, size_t size) {
    g_autoptr(json_t) facts = json_object();
    ExifFacts known = {.orientation = 1};
    if (kind == FILE_JPEG) {
        exif_facts_read(bytes, size, &known);
    }
    if (known.taken[0] != '\0') {
        json_put_text(facts, "taken", known.taken);
    }
    if (known.device[0] != '\0') {
        json_put_text(facts, "device", known.device);
    }
    if (known.has_place) {
        put_degrees(facts, "latitude", known.latitude);
        put_degrees(facts, "longitude", known.longitude);
    }
    if (known.orientation != 1) {
        json_put_int(facts, "orientation", known.orientation);
    }
    return json_write(facts);
}

/* For display: one line, nothing that turns the line around or hides in it. */
static char *clean_name(const char *name) {
    g_autoptr(GString) clean = g_string_new(NULL);
    for (const char *at = name; *at != '\0' && clean->len < LIMIT_FILE_NAME;
         at = g_utf8_next_char(at)) {
        gunichar one = g_utf8_get_char(at);
        if (g_unichar_isprint(one) && g_unichar_type(one) != G_UNICODE_FORMAT) {
            g_string_append_unichar(clean, one);
        }
    }
    g_strstrip(clean->str);
    return g_strdup(clean->str[0] == '\0' ? "未命名" : clean->str);
}

typedef struct StoreWork {
    const NewFile *file;
    FileRow row;
    const char *name;
    bool is_too_much;
} StoreWork;

static bool store_parts(Db *db, const StoreWork *work, GError **error) {
    const char *bytes = work->file->bytes;
    int64_t n = 1;
    for (size_t at = 0; at < work->file->size; at += LIMIT_FILE_PART, n++) {
        size_t size = MIN(work->file->size - at, (size_t)LIMIT_FILE_PART);
        if (!casework_store_add_part(db, work->row.sha256, n, bytes + at, size, error)) {
            return false;
        }
    }
    return true;
}

static bool store_work(Db *db, void *data, GError **error) {
    StoreWork *work = data;
    int64_t waiting = 0;
    bool is_new = false;
    if (!casework_store_waiting(db, work->file->account_id, &waiting, error)) {
        return false;
    }
    work->is_too_much = waiting + work->row.size > LIMIT_FILES_WAITING;
    if (work->is_too_much) {
        return true;
    }
    return casework_store_add_file(db, &work->row, &is_new, error) &&
           (!is_new || store_parts(db, work, error)) &&
           casework_store_upload(
               db, work->file->account_id, work->row.sha256, work->name, work->file->now_us, error);
}

static char *problem_of(const char *name, size_t size, FileKind kind) {
    if (size == 0) {
        return g_strdup_printf("“%s”是空的", name);
    }
    if (size > LIMIT_FILE) {
        return g_strdup_printf(
            "“%s”有 %.1f MB，一个文件最多 %d MB", name, (double)size / MIB, LIMIT_FILE / MIB);
    }
    return kind != FILE_NONE ? NULL
                             : g_strdup_printf("“%s”不是能收的种类；能收%s", name, file_kinds_zh());
}

bool casework_file_store(
    Db *db, const NewFile *file, char **ret_sha256, char **ret_problem_zh, GError **error) {
    g_autofree char *name = clean_name(file->name);
    FileKind kind = file->size > LIMIT_FILE ? FILE_NONE : file_kind_of(file->bytes, file->size);
    *ret_sha256 = NULL;
    *ret_problem_zh = problem_of(name, file->size, kind);
    if (*ret_problem_zh != NULL) {
        return true;
    }
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, file->bytes, file->size, hash);
    g_autofree char *sha256 = hex_format(hash, sizeof hash);
    g_autofree char *facts = facts_text(kind, file->bytes, file->size);
    StoreWork work = {.file = file,
                      .name = name,
                      .row = {.sha256 = sha256,
                              .facts = facts,
                              .size = (int64_t)file->size,
                              .stored_us = file->now_us,
                              .kind = kind}};
    if (!db_run_tx(db, store_work, &work, error)) {
        return false;
    }
    if (work.is_too_much) {
        *ret_problem_zh = g_strdup_printf(
            "“%s”没有收：您传来还没有办理的文件已经接近 1 GB，先办理，或者等一天", name);
        return true;
    }
    *ret_sha256 = g_steal_pointer(&sha256);
    return true;
}

/* --- asking -------------------------------------------------------------------------------------
 */

GPtrArray *casework_files(Db *db, int64_t matter_id, GError **error) {
    return casework_store_files(db, matter_id, NULL, error);
}

static bool
find_in_matter(Db *db, int64_t matter_id, const char *sha256, CaseFile **ret, GError **error) {
    g_autoptr(GPtrArray) files = casework_store_files(db, matter_id, sha256, error);
    if (files == NULL) {
        return false;
    }
    *ret = files->len == 0 ? NULL : g_ptr_array_steal_index(files, 0);
    return true;
}

CaseFile *casework_file_find(Db *db, int64_t matter_id, const char *sha256, GError **error) {
    CaseFile *file = NULL;
    if (find_in_matter(db, matter_id, sha256, &file, error) && file == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "the matter has no file %s", sha256);
    }
    return file;
}

bool casework_file_usable(Db *db,
                          int64_t account_id,
                          int64_t matter_id,
                          const char *sha256,
                          CaseFile **ret_file,
                          GError **error) {
    *ret_file = NULL;
    return casework_store_find_upload(db, account_id, sha256, ret_file, error) &&
           (*ret_file != NULL || matter_id == 0 ||
            find_in_matter(db, matter_id, sha256, ret_file, error));
}

/* --- of other rooms -----------------------------------------------------------------------------
 */

bool casework_file_keep(
    Db *db, int64_t sender, const char *object, const char *sha256, GError **error) {
    g_autoptr(CaseFile) file = NULL;
    if (!casework_store_find_upload(db, sender, sha256, &file, error)) {
        return false;
    }
    if (file == NULL) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "no file %s waits for this sender", sha256);
    }
    return casework_store_keep(db, object, sha256, file->name, error) &&
           casework_store_take_upload(db, sender, sha256, error);
}

CaseFile *casework_file_kept(Db *db, const char *object, const char *sha256, GError **error) {
    CaseFile *file = NULL;
    if (casework_store_find_kept(db, object, sha256, &file, error) && file == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "%s has no file %s", object, sha256);
    }
    return file;
}

/* --- reading ------------------------------------------------------------------------------------
 */

typedef struct Reading {
    FileSink sink;
    void *data;
    Digest *digest;
} Reading;

static bool take_part(void *data, const void *bytes, size_t size, GError **error) {
    const Reading *reading = data;
    digest_add(reading->digest, bytes, size);
    return reading->sink(reading->data, bytes, size, error);
}

bool casework_file_read(Db *db, const char *sha256, FileSink sink, void *data, GError **error) {
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    Reading reading = {.sink = sink, .data = data, .digest = digest};
    uint8_t hash[DIGEST_SIZE];
    size_t size = 1;
    digest_begin(digest);
    for (int64_t n = 1; size > 0; n++) {
        if (!casework_store_part(db, sha256, n, take_part, &reading, &size, error)) {
            return false;
        }
    }
    digest_end(digest, hash);
    g_autofree char *found = hex_format(hash, sizeof hash);
    return strcmp(found, sha256) == 0 ||
           hz_fail(error,
                   HZ_ERROR_CORRUPT,
                   "file %s is stored with other bytes: their hash is %s",
                   sha256,
                   found);
}

/* --- with an act --------------------------------------------------------------------------------
 */

/* One file that the act's data names. Borrowed. */
typedef struct Named {
    char *field; /* owned: "files", "items.escape-routes" */
    const char *sha256;
} Named;

static void named_clear(gpointer data) {
    g_free(((Named *)data)->field);
}

static void add_named(GArray *all, const char *field, const char *item, const json_t *list) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        Named named = {.field =
                           item == NULL ? g_strdup(field) : g_strconcat(field, ".", item, NULL),
                       .sha256 = json_is_string(one) ? json_string_value(one) : ""};
        g_array_append_val(all, named);
    }
}

/* Every file that the form's data names, those of checklist items too. */
static GArray *named_files(const CaseWork *work) {
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Named));
    g_array_set_clear_func(all, named_clear);
    for (unsigned i = 0; work->form != NULL && i < work->form->field_count; i++) {
        const LawField *field = &work->form->fields[i];
        json_t *value = json_object_get(work->data, field->id);
        const char *item;
        json_t *answer;
        if (field->type == LAW_FIELD_FILES) {
            add_named(all, field->id, NULL, value);
        } else if (field->type == LAW_FIELD_CHECKLIST) {
            json_object_foreach(value, item, answer) {
                add_named(all, field->id, item, json_object_get(answer, "photos"));
            }
        }
    }
    return all;
}

static int64_t case_sender(const CaseActor *actor) {
    return actor->sender != 0 ? actor->sender : actor->account_id;
}

bool case_files_check(Db *db, const CaseWork *work, const Matter *matter, GError **error) {
    g_autoptr(GArray) all = named_files(work);
    for (guint i = 0; i < all->len; i++) {
        const Named *named = &g_array_index(all, Named, i);
        g_autoptr(CaseFile) file = NULL;
        if (!casework_file_usable(
                db, case_sender(work->actor), matter->id, named->sha256, &file, error)) {
            return false;
        }
        if (file == NULL) {
            case_refuse_field(work->refusal,
                              named->field,
                              "有文件不是您传来的，也不在本案里，或者已经过期；请重新选文件");
            return true;
        }
    }
    return true;
}

bool case_files_attach(
    Db *db, const CaseWork *work, const Matter *matter, int64_t seq, int64_t leaf, GError **error) {
    g_autoptr(GArray) all = named_files(work);
    for (guint i = 0; i < all->len; i++) {
        const Named *named = &g_array_index(all, Named, i);
        g_autoptr(CaseFile) file = NULL;
        if (!casework_file_usable(
                db, case_sender(work->actor), matter->id, named->sha256, &file, error)) {
            return false;
        }
        if (file == NULL) { /* swept since the check: trying again, the check says so */
            return hz_fail(error, HZ_ERROR_BUSY, "file %s has just been removed", named->sha256);
        }
        g_free(file->field);
        file->field = g_strdup(named->field);
        file->seq = seq;
        file->leaf = leaf;
        if (!casework_store_attach(db, matter->id, file, error) ||
            !casework_store_take_upload(db, case_sender(work->actor), named->sha256, error)) {
            return false;
        }
    }
    return true;
}

/* --- of somebody who is not signed in ----------------------------------------------------------
 */

typedef struct ForgetWork {
    int64_t sender;
    const char *sha256;
} ForgetWork;

static bool forget_work(Db *db, void *data, GError **error) {
    const ForgetWork *work = data;
    return casework_store_forget(db, work->sender, work->sha256, error);
}

bool casework_file_forget(Db *db, int64_t sender, const char *sha256, GError **error) {
    ForgetWork work = {sender, sha256};
    return db_in_tx(db) ? forget_work(db, &work, error) : db_run_tx(db, forget_work, &work, error);
}

/* --- what nobody took ---------------------------------------------------------------------------
 */

#define SWEEP_BATCH 20 /* files in one transaction: at most 400 MiB, then others may write */

typedef struct SweepWork {
    int64_t until_us;
    unsigned swept;
} SweepWork;

static bool sweep_work(Db *db, void *data, GError **error) {
    SweepWork *work = data;
    g_autoptr(GPtrArray) left = casework_store_left(db, work->until_us, SWEEP_BATCH, error);
    if (left == NULL) {
        return false;
    }
    for (guint i = 0; i < left->len; i++) {
        if (!casework_store_sweep(db, work->until_us, left->pdata[i], error)) {
            return false;
        }
    }
    work->swept = left->len;
    return true;
}

bool casework_file_sweep(Db *db, int64_t until_us, GError **error) {
    SweepWork work = {.until_us = until_us, .swept = SWEEP_BATCH};
    while (work.swept == SWEEP_BATCH) {
        if (!db_run_tx(db, sweep_work, &work, error)) {
            return false;
        }
    }
    return true;
}
