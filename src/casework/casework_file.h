/*
 * Evidence files: stored by the SHA-256 of their bytes in the database, so that they share the
 * transaction, the backup and the replication of the act that adds them; the same bytes lie there
 * once. A form's data names files by that hash (law/law_form.h, LAW_FIELD_FILES).
 *
 * A file waits under the account that uploaded it until an act takes it; only that account may use
 * it, or an act of a matter that has it already. What nobody has taken is removed after a day,
 * unless a draft names it. Somebody who is not signed in has a negative number instead of an
 * account, made by the room that lets them send files, which also forgets what they leave.
 * Reading recomputes the hash. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "casework/file_kind.h"
#include "store/store.h"

#define FILE_HASH_CHARS 64

typedef struct CaseFile {
    char *sha256, *name;
    int64_t size;
    FileKind kind;
    json_t *facts; /* {"taken", "device", "latitude", "longitude", "orientation"}: those that are
                    * known; of photos only */
    /* in a matter; 0 and NULL while it waits */
    int64_t number, seq; /* 证 1; the act that added it */
    int64_t leaf;        /* of that act in the ledger */
    char *field;         /* of that act's form */
} CaseFile;
void case_file_free(CaseFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaseFile, case_file_free)

/* A file as it arrives. Borrowed. */
typedef struct NewFile {
    const char *name; /* as the browser said */
    const void *bytes;
    size_t size;
    int64_t account_id;
    int64_t now_us;
} NewFile;

/* Stores it for the account. What is wrong with the file itself is told in *ret_problem_zh (caller
 * frees; *ret_sha256 stays NULL): a mistake of the user, not an error. */
bool casework_file_store(
    Db *db, const NewFile *file, char **ret_sha256, char **ret_problem_zh, GError **error);

/* A file that this account may name in an act on this matter (0: a new one): it waits for the
 * account, or the matter has it. *ret_file is NULL when there is none. Caller frees. */
bool casework_file_usable(Db *db,
                          int64_t account_id,
                          int64_t matter_id,
                          const char *sha256,
                          CaseFile **ret_file,
                          GError **error);

/* Forgets one file (NULL: all) that waits for this sender, and its bytes when nobody else names
 * them. In the caller's transaction if there is one. */
bool casework_file_forget(Db *db, int64_t sender, const char *sha256, GError **error);

/* The files of a matter in order: array of CaseFile *. */
GPtrArray *casework_files(Db *db, int64_t matter_id, GError **error);
/* One of them; HZ_ERROR_NOT_FOUND. Caller frees. */
CaseFile *casework_file_find(Db *db, int64_t matter_id, const char *sha256, GError **error);

/* A file that waits for this sender belongs to `object` of a room above ("building:7/record:12")
 * from now on, in the caller's transaction. NOT_FOUND when it does not wait. */
bool casework_file_keep(
    Db *db, int64_t sender, const char *object, const char *sha256, GError **error);
/* One that `object` has; HZ_ERROR_NOT_FOUND. Caller frees. */
CaseFile *casework_file_kept(Db *db, const char *object, const char *sha256, GError **error);

/* Hands the bytes on in parts. False with *error to stop. */
typedef bool (*FileSink)(void *data, const void *bytes, size_t size, GError **error);
/* HZ_ERROR_CORRUPT when they are not those that the hash names: what the sink has got until then
 * must not be used. */
bool casework_file_read(Db *db, const char *sha256, FileSink sink, void *data, GError **error);

/* The public copy of a photo: says nothing about place, time and device (jpeg_strip.h). INVALID
 * when the kind has none or the photo is not whole, LIMIT when it is too large. Caller unrefs. */
GBytes *casework_file_copy(Db *db, const CaseFile *file, GError **error);

/* Removes what has waited since before `until_us` and stands in no draft, and the bytes that nobody
 * names any more. */
bool casework_file_sweep(Db *db, int64_t until_us, GError **error);
