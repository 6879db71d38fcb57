/* Who has to do with a matter: accounts that have worked on it, officers whom it names. */
#include "casework/casework_store.h"

bool casework_store_person(Db *db, int64_t matter_id, int64_t account_id, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO matter_person (account_id, matter_id) VALUES ($1, $2) "
                        "ON CONFLICT (account_id, matter_id) DO NOTHING"),
                    DB_ARGS(db_int(account_id), db_int(matter_id)),
                    -1,
                    error);
}

bool casework_store_unname(Db *db, int64_t matter_id, GError **error) {
    return db_later(db,
                    SQL("DELETE FROM matter_officer WHERE matter_id = $1"),
                    DB_ARGS(db_int(matter_id)),
                    -1,
                    error);
}

bool casework_store_name(Db *db, int64_t matter_id, int64_t officer_id, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO matter_officer (officer_id, matter_id) VALUES ($1, $2)"),
                    DB_ARGS(db_int(officer_id), db_int(matter_id)),
                    1,
                    error);
}

bool casework_store_is_named(
    Db *db, int64_t matter_id, int64_t officer_id, bool *ret_named, GError **error) {
    int64_t count = 0;
    if (officer_id != 0 &&
        !db_query_int(
            db,
            SQL("SELECT count(*) FROM matter_officer WHERE officer_id = $1 AND matter_id = $2"),
            DB_ARGS(db_int(officer_id), db_int(matter_id)),
            &count,
            error)) {
        return false;
    }
    *ret_named = count > 0;
    return true;
}
