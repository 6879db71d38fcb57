/* SQL of this room. Thread: that of the Db. */
#pragma once

#include "casework/casework.h"
#include "casework/casework_file.h"

typedef struct MatterRow {
    const Matter *matter;
    int64_t district;
    const char *form_id; /* of a new matter; NULL: none */
    bool is_still;       /* state, deadline and turn are as they were: no index changes */
} MatterRow;

/* With matter->id 0 the engine gives the id; else a failure may be reported by a later call of the
 * transaction (db_later). */
bool casework_store_add(Db *db, const MatterRow *row, int64_t *ret_id, GError **error);
/* All zero when there is none. */
bool casework_store_by_number(Db *db, const char *number, Matter *ret_matter, GError **error);
bool casework_store_count(Db *db, const CaseCount *count, int64_t *ret_n, GError **error);
/* CONFLICT, perhaps only from a later call of the transaction (db_later), when the row is not at
 * matter->version - 1. */
bool casework_store_change(Db *db, const MatterRow *row, GError **error);
/* 0: no matter was opened by this form. */
bool casework_store_by_form(Db *db, const char *form_id, int64_t *ret_id, GError **error);
bool casework_store_find(Db *db, int64_t id, Matter *ret_matter, GError **error);

typedef struct ActRow {
    int64_t matter_id, seq, happened_us, entered_us, actor, person;
    const char *step, *officers, *data, *state_from, *state_to;
} ActRow;
bool casework_store_add_act(Db *db, const ActRow *row, GError **error);
/* One field of an act that is stored. */
bool casework_store_seal(
    Db *db, int64_t matter_id, int64_t seq, const char *field, const char *value, GError **error);
/* Array of StoredAct *; with the sealed fields in their data, or without. */
GPtrArray *casework_store_acts(Db *db, int64_t matter_id, bool with_sealed, GError **error);

/* Replaces the derived clocks. */
bool casework_store_clocks(Db *db, int64_t matter_id, const GArray *clocks, GError **error);
/* "paused 1772000000000000" lines of the stored clocks, for comparison with a replay. */
char *casework_store_clock_text(Db *db, int64_t matter_id, GError **error);
/* --- people (casework_people_store.c) --- */

bool casework_store_person(Db *db, int64_t matter_id, int64_t account_id, GError **error);
/* Officers whom the matter names; an act that names others forgets these first. */
bool casework_store_unname(Db *db, int64_t matter_id, GError **error);
bool casework_store_name(Db *db, int64_t matter_id, int64_t officer_id, GError **error);
bool casework_store_is_named(
    Db *db, int64_t matter_id, int64_t officer_id, bool *ret_named, GError **error);
/* For a new matter: its number of the year, and its id; 0: the engine gives it with the row. */
bool casework_store_number(
    Db *db, const char *prefix, int year, int64_t *ret_number, int64_t *ret_id, GError **error);
/* The next number of a prefix and year, from 1. */
bool casework_store_serial(
    Db *db, const char *prefix, int year, int64_t *ret_number, GError **error);

/* --- papers, links, drafts (casework_paper_store.c) --- */

typedef struct PaperRow {
    int64_t matter_id, seq, made_us;
    const char *paper, *name, *number, *agency, *text;
} PaperRow;
bool casework_store_add_paper(Db *db, const PaperRow *row, GError **error);
/* *ret_id is 0 when the matter has no such paper. */
bool casework_store_paper_by_number(Db *db,
                                    int64_t matter_id,
                                    const char *number,
                                    int64_t *ret_id,
                                    bool *ret_served,
                                    GError **error);
typedef struct PaperService {
    int64_t matter_id;
    int64_t paper_id;   /* 0: all that wait */
    int64_t before_seq; /* made by earlier acts */
    const char *way;
    int64_t served_us;
} PaperService;
bool casework_store_serve(Db *db, const PaperService *service, GError **error);
/* Once for each relation. */
bool casework_store_link(
    Db *db, int64_t matter_id, int64_t other_id, const char *relation, GError **error);
bool casework_store_draft(Db *db,
                          int64_t account_id,
                          const char *place,
                          const json_t *data,
                          int64_t now_us,
                          GError **error);

/* --- files (casework_file_store.c) --- */

typedef struct FileRow {
    const char *sha256, *facts;
    int64_t size, stored_us;
    FileKind kind;
} FileRow;
/* *ret_added is false when the same bytes lie there already. */
bool casework_store_add_file(Db *db, const FileRow *row, bool *ret_added, GError **error);
bool casework_store_add_part(
    Db *db, const char *sha256, int64_t n, const void *bytes, size_t size, GError **error);
/* The n-th part goes to the sink; *ret_size is 0 when there is none. */
bool casework_store_part(Db *db,
                         const char *sha256,
                         int64_t n,
                         FileSink sink,
                         void *data,
                         size_t *ret_size,
                         GError **error);
bool casework_store_upload(Db *db,
                           int64_t account_id,
                           const char *sha256,
                           const char *name,
                           int64_t now_us,
                           GError **error);
/* Bytes that wait for acts of this account. */
bool casework_store_waiting(Db *db, int64_t account_id, int64_t *ret_bytes, GError **error);
/* *ret_file is NULL when it does not wait for the account. */
bool casework_store_find_upload(
    Db *db, int64_t account_id, const char *sha256, CaseFile **ret_file, GError **error);
bool casework_store_take_upload(Db *db, int64_t account_id, const char *sha256, GError **error);
/* Gives file->number. */
bool casework_store_keep(
    Db *db, const char *object, const char *sha256, const char *name, GError **error);
bool casework_store_find_kept(
    Db *db, const char *object, const char *sha256, CaseFile **ret_file, GError **error);
bool casework_store_attach(Db *db, int64_t matter_id, CaseFile *file, GError **error);
/* `sha256` NULL: all. Array of CaseFile *. */
GPtrArray *casework_store_files(Db *db, int64_t matter_id, const char *sha256, GError **error);
/* As casework_file_forget. */
bool casework_store_forget(Db *db, int64_t sender, const char *sha256, GError **error);
/* Hashes of files that an account uploaded before `until_us` and that stand in no draft of theirs:
 * at most `limit` texts. */
GPtrArray *casework_store_left(Db *db, int64_t until_us, unsigned limit, GError **error);
/* Forgets these uploads of a file, and the file when nobody names it any more. */
bool casework_store_sweep(Db *db, int64_t until_us, const char *sha256, GError **error);

/* --- lists (casework_list_store.c) --- */

/* The place behind a row. */
void casework_place(const MatterQuery *query,
                    const Matter *last,
                    int64_t *ret_key,
                    int64_t *ret_id);
/* " AND m.district …": the matters of a region. */
void casework_add_region(SqlBuilder *sql, const char *region);
/* The same, and those elsewhere that name the officer (0: none). */
void casework_add_reach(SqlBuilder *sql, const char *region, int64_t officer_id);
/* "SELECT matter_id …": those on which the account has worked and those that name the officer. */
void casework_add_own(SqlBuilder *sql, const MatterQuery *query);
/* What stands in the columns of MATTER_COLUMNS. */
#define MATTER_COLUMNS                                                                             \
    "m.id, m.kind, m.number, m.title, m.region, m.object_kind, m.object_id, m.state, "             \
    "m.is_closed, m.version, m.opened_us, m.changed_us, m.due_us, m.due_clock, m.due_unit, "       \
    "m.next_roles"
void casework_from_row(const DbRows *rows, Matter *matter);
GPtrArray *casework_rows(DbRows *rows, GError **error);
GPtrArray *casework_store_list(Db *db, const MatterQuery *query, GError **error);
/* How many matters of the list, among the first `looked` by deadline; *ret_is_all: these were all.
 */
bool casework_store_tally(Db *db,
                          const MatterQuery *query,
                          unsigned looked,
                          int64_t *ret_n,
                          bool *ret_is_all,
                          GError **error);

/* --- search (casework_search_store.c) --- */

bool casework_index_add(Db *db, const Matter *matter, GError **error);
bool casework_store_search(Db *db, const MatterQuery *query, MatterPage *page, GError **error);
/* Array of Matter *: those from before the index. */
GPtrArray *casework_store_unindexed(Db *db, unsigned limit, GError **error);
/* Writes what is derived, and forgets that it was not. */
bool casework_store_index_old(Db *db, const Matter *matter, GError **error);
bool casework_store_paper_matter(Db *db, const char *number, int64_t *ret_id, GError **error);

const char *clock_state_word(LawClockState state);
