#include "registry/region.h"

#include "base/clock.h"
#include "base/embedded.h"
#include "base/error.h"
#include "registry/region_kept.h"

#include <gio/gio.h>
#include <string.h>

#define LISTS_MAX 200

void region_clear(Region *region) {
    g_free(region->name);
    g_free(region->valid_from);
    g_free(region->valid_to);
    g_free(region->confidence);
    *region = (Region){0};
}

/* --- codes --------------------------------------------------------------------------------------
 */

static bool is_zero(const char *code, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (code[i] != '0') {
            return false;
        }
    }
    return true;
}

bool region_code_parse(const char *text, char ret_code[REGION_CODE_MAX + 1]) {
    char code[REGION_CODE_MAX + 1] = {0};
    size_t size = strlen(text);
    if (size < 2 || size > REGION_CODE_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!g_ascii_isdigit(text[i])) {
            return false;
        }
        code[i] = text[i];
    }
    static const size_t ends[] = {9, 6, 4, 2};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (size > ends[i] && is_zero(code, ends[i], size)) {
            code[ends[i]] = '\0';
            size = ends[i];
        }
    }
    memcpy(ret_code, code, sizeof code);
    return true;
}

int64_t region_district(const char *code) {
    int64_t district = 0;
    size_t size = strlen(code);
    for (size_t i = 0; i < 6; i++) {
        district = district * 10 + (i < size ? code[i] - '0' : 0);
    }
    return district;
}

bool region_is_inside(const char *code, const char *scope) {
    char outer[REGION_CODE_MAX + 1];
    return scope != NULL && (strcmp(scope, REGION_EVERYWHERE) == 0 ||
                             (region_code_parse(scope, outer) && g_str_has_prefix(code, outer)));
}

int region_level(const char *code) {
    size_t size = strlen(code);
    return size <= 2 ? 1 : size <= 4 ? 2 : size <= 6 ? 3 : size <= 9 ? 4 : 5;
}

static void parent_of(const char *code, char ret_parent[REGION_CODE_MAX + 1]) {
    static const size_t ends[] = {0, 0, 2, 4, 6, 9};
    size_t end = ends[region_level(code)];
    memset(ret_parent, 0, REGION_CODE_MAX + 1);
    memcpy(ret_parent, code, MIN(end, strlen(code)));
}

bool region_is_valid_on(const Region *region, const char *day) {
    return (region->valid_from == NULL || strcmp(region->valid_from, day) <= 0) &&
           (region->valid_to == NULL || strcmp(day, region->valid_to) < 0);
}

/* --- reading ------------------------------------------------------------------------------------
 */

#define REGION_COLUMNS "code, name, level, parent, valid_from, valid_to, confidence"

static void from_row(const DbRows *rows, Region *region) {
    *region = (Region){.level = (int)db_rows_int(rows, 2)};
    g_strlcpy(region->code, db_rows_text(rows, 0), sizeof region->code);
    region->name = g_strdup(db_rows_text(rows, 1));
    const char *parent = db_rows_text(rows, 3);
    g_strlcpy(region->parent, parent == NULL ? "" : parent, sizeof region->parent);
    region->valid_from = g_strdup(db_rows_text(rows, 4));
    region->valid_to = g_strdup(db_rows_text(rows, 5));
    region->confidence = g_strdup(db_rows_text(rows, 6));
}

bool region_find(Db *db, const char *code, Region *ret_region, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT " REGION_COLUMNS " FROM region WHERE code = $1"),
                                      DB_ARGS(db_text(code)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(error, HZ_ERROR_NOT_FOUND, "region \"%s\" is not known", code);
    }
    from_row(rows, ret_region);
    return true;
}

bool region_find_nearest(Db *db, const char *code, Region *ret_region, GError **error) {
    char at[REGION_CODE_MAX + 1];
    g_strlcpy(at, code, sizeof at);
    size_t floor = strlen(code) > 6 ? 6 : strlen(code);
    while (strlen(at) >= floor && at[0] != '\0') {
        g_autoptr(GError) problem = NULL;
        if (region_find(db, at, ret_region, &problem)) {
            return true;
        }
        if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        char parent[REGION_CODE_MAX + 1];
        parent_of(at, parent);
        memcpy(at, parent, sizeof at);
    }
    return hz_fail(error, HZ_ERROR_NOT_FOUND, "region \"%s\" is not known", code);
}

/* Codes hold digits only: nothing to escape. */
static char *region_code_list(const GPtrArray *codes) {
    GString *list = g_string_new("[");
    for (guint i = 0; i < codes->len; i++) {
        g_string_append_printf(list, i == 0 ? "\"%s\"" : ",\"%s\"", (const char *)codes->pdata[i]);
    }
    g_string_append_c(list, ']');
    return g_string_free(list, FALSE);
}

/* Adds the names of these codes to `names`; "" for a code that is no region. */
static bool read_names(Db *db, const GPtrArray *codes, GHashTable *names, GError **error) {
    g_autofree char *list = region_code_list(codes);
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL_FOR(db,
                                              "SELECT code, name FROM region WHERE code IN "
                                              "(SELECT CAST(value AS TEXT) FROM json_each($1))",
                                              "SELECT code, name FROM region WHERE code = ANY "
                                              "(ARRAY(SELECT json_array_elements_text($1::json)))"),
                                      DB_ARGS(db_text(list)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    for (guint i = 0; i < codes->len; i++) {
        g_hash_table_replace(names, g_strdup(codes->pdata[i]), g_strdup(""));
    }
    while (db_rows_next(rows)) {
        g_hash_table_replace(
            names, g_strdup(db_rows_text(rows, 0)), g_strdup(db_rows_text(rows, 1)));
    }
    return db_rows_done(rows, error);
}

/* A region's name is that of its district, street and itself. */
static const size_t name_parts[] = {6, 9, REGION_CODE_MAX};

static void part_of(const char *code, size_t part, char ret_code[REGION_CODE_MAX + 1]) {
    g_strlcpy(ret_code, code, name_parts[part] + 1);
}

/* The names of all parts of these codes; caller unrefs. */
static GHashTable *part_names(Db *db, const GPtrArray *codes, GError **error) {
    RegionKept *kept;
    if (!region_kept_open(db, &kept, error)) {
        return NULL;
    }
    g_autoptr(GHashTable) names =
        kept != NULL ? g_hash_table_ref(kept->names)
                     : g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < codes->len; i++) {
        for (size_t part = 0; part < G_N_ELEMENTS(name_parts); part++) {
            char code[REGION_CODE_MAX + 1];
            part_of(codes->pdata[i], part, code);
            if (!g_hash_table_contains(names, code)) {
                g_ptr_array_add(missing, g_strdup(code));
            }
        }
    }
    if (missing->len > 0 && !read_names(db, missing, names, error)) {
        return NULL;
    }
    return g_steal_pointer(&names);
}

/* "渝中区 解放碑街道"; the code itself when it is not known. */
static char *join_names(GHashTable *names, const char *code) {
    GString *out = g_string_new(NULL);
    char last[REGION_CODE_MAX + 1] = "";
    for (size_t part = 0; part < G_N_ELEMENTS(name_parts); part++) {
        char at[REGION_CODE_MAX + 1];
        part_of(code, part, at);
        const char *name = g_hash_table_lookup(names, at);
        if (strcmp(at, last) != 0 && name != NULL && name[0] != '\0') {
            g_string_append_printf(out, out->len > 0 ? " %s" : "%s", name);
        }
        memcpy(last, at, sizeof last);
    }
    if (out->len == 0) {
        g_string_append(out, code);
    }
    return g_string_free(out, FALSE);
}

char *region_full_name(Db *db, const char *code, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    g_ptr_array_add(codes, (gpointer)code);
    g_autoptr(GHashTable) names = part_names(db, codes, error);
    return names == NULL ? NULL : join_names(names, code);
}

GHashTable *region_names(Db *db, const GPtrArray *codes, GError **error) {
    g_autoptr(GHashTable) parts = part_names(db, codes, error);
    if (parts == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < codes->len; i++) {
        /* a list names places down to the street */
        g_autofree char *street = g_strndup(codes->pdata[i], 9);
        g_hash_table_replace(names, g_strdup(codes->pdata[i]), join_names(parts, street));
    }
    return g_steal_pointer(&names);
}

static void free_region(void *region) {
    region_clear(region);
    g_free(region);
}

static GPtrArray *read_regions(Db *db, Sql sql, DbArgs args, const char *day, GError **error) {
    g_autoptr(GPtrArray) regions = g_ptr_array_new_with_free_func(free_region);
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        Region *region = g_new0(Region, 1);
        from_row(rows, region);
        if (day == NULL || region_is_valid_on(region, day)) {
            g_ptr_array_add(regions, region);
        } else {
            free_region(region);
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&regions) : NULL;
}

static GPtrArray *read_children(Db *db, const char *parent, const char *day, GError **error) {
    return read_regions(
        db,
        SQL("SELECT " REGION_COLUMNS " FROM region WHERE parent = $1 ORDER BY code"),
        DB_ARGS(db_text(parent)),
        day,
        error);
}

static GPtrArray *read_provinces(Db *db, const char *nothing, const char *day, GError **error) {
    (void)nothing;
    return read_regions(db,
                        SQL("SELECT " REGION_COLUMNS
                            " FROM region WHERE parent IS NULL AND level = 1 ORDER BY code"),
                        DB_NO_ARGS,
                        day,
                        error);
}

/* Districts hang below the cities of the scope: a few hundred rows at most, found by parent. */
static GPtrArray *read_districts(Db *db, const char *scope, const char *day, GError **error) {
    char code[REGION_CODE_MAX + 1];
    if (!region_code_parse(scope, code)) {
        hz_fail(error, HZ_ERROR_INVALID, "region \"%s\" is no code", scope);
        return NULL;
    }
    if (strlen(code) == 2) {
        return read_regions(
            db,
            SQL("SELECT d.code, d.name, d.level, d.parent, d.valid_from, d.valid_to, "
                "d.confidence FROM region c JOIN region d ON d.parent = c.code "
                "WHERE c.parent = $1 AND d.level = 3 ORDER BY d.code"),
            DB_ARGS(db_text(code)),
            day,
            error);
    }
    if (strlen(code) == 4) {
        return read_children(db, code, day, error);
    }
    code[6] = '\0';
    return read_regions(db,
                        SQL("SELECT " REGION_COLUMNS " FROM region WHERE code = $1"),
                        DB_ARGS(db_text(code)),
                        day,
                        error);
}

typedef GPtrArray *(*ListReader)(Db *db, const char *code, const char *day, GError **error);

/* One of the two lists, from what is kept or for it. A list is never changed: readers share it. */
static GPtrArray *kept_list(
    Db *db, const char *kind, ListReader read, const char *code, const char *day, GError **error) {
    RegionKept *kept;
    if (!region_kept_open(db, &kept, error)) {
        return NULL;
    }
    if (kept == NULL) {
        return read(db, code, day, error);
    }
    g_autofree char *key = g_strconcat(kind, ":", code, ":", day == NULL ? "" : day, NULL);
    GPtrArray *list = g_hash_table_lookup(kept->lists, key);
    if (list == NULL) {
        list = read(db, code, day, error);
        if (list == NULL) {
            return NULL;
        }
        if (g_hash_table_size(kept->lists) >= LISTS_MAX) {
            g_hash_table_remove_all(kept->lists);
        }
        g_hash_table_insert(kept->lists, g_steal_pointer(&key), list);
    }
    return g_ptr_array_ref(list);
}

GPtrArray *region_children(Db *db, const char *parent, const char *day, GError **error) {
    return kept_list(db, "children", read_children, parent, day, error);
}

GPtrArray *region_provinces(Db *db, const char *day, GError **error) {
    return kept_list(db, "provinces", read_provinces, "", day, error);
}

GPtrArray *region_districts(Db *db, const char *scope, const char *day, GError **error) {
    return kept_list(db, "districts", read_districts, scope, day, error);
}

/* --- writing ------------------------------------------------------------------------------------
 */

bool region_put(Db *db, const RegionChange *change, GError **error) {
    char parent[REGION_CODE_MAX + 1];
    parent_of(change->code, parent);
    const char *above = change->parent != NULL ? change->parent : parent[0] != '\0' ? parent : NULL;
    if (!db_exec(db,
                 SQL("INSERT INTO region (code, name, level, parent, valid_from, valid_to, "
                     "confidence, basis) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                     "ON CONFLICT (code) DO UPDATE SET name = excluded.name, "
                     "parent = coalesce(excluded.parent, region.parent), "
                     "valid_from = coalesce(excluded.valid_from, region.valid_from), "
                     "valid_to = coalesce(excluded.valid_to, region.valid_to), "
                     "confidence = excluded.confidence, "
                     "basis = coalesce(excluded.basis, region.basis)"),
                 DB_ARGS(db_text(change->code),
                         db_text(change->name),
                         db_int(region_level(change->code)),
                         db_text(above),
                         db_text(change->valid_from),
                         db_text(change->valid_to),
                         db_text(change->confidence == NULL ? "text" : change->confidence),
                         db_text(change->basis)),
                 NULL,
                 error)) {
        return false;
    }
    if (change->valid_to == NULL) {
        return region_kept_changed(db, error);
    }
    /* what lies inside an abolished region ended as well: codes begin with the region's own */
    g_autofree char *above_all = g_strconcat(change->code, ":", NULL);
    return db_exec(db,
                   SQL("UPDATE region SET valid_to = $3, confidence = $4 "
                       "WHERE code > $1 AND code < $2 AND valid_to IS NULL"),
                   DB_ARGS(db_text(change->code),
                           db_text(above_all),
                           db_text(change->valid_to),
                           db_text(change->confidence == NULL ? "text" : change->confidence)),
                   NULL,
                   error) &&
           region_kept_changed(db, error);
}

/* The data set: gzip of lines "code TAB name TAB level TAB parent". */
char *region_data_set(GError **error) {
    EmbeddedFile file = embedded_find("assets/regions.tsv.gz");
    if (file.data == NULL) {
        hz_fail(error,
                HZ_ERROR_UNAVAILABLE,
                "this binary was built without the region names (run make setup, then build)");
        return NULL;
    }
    g_autoptr(GInputStream) packed =
        g_memory_input_stream_new_from_data(file.data, (gssize)file.size, NULL);
    g_autoptr(GZlibDecompressor) gunzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GInputStream) plain = g_converter_input_stream_new(packed, G_CONVERTER(gunzip));
    GString *text = g_string_sized_new(1 << 20);
    char buffer[65536];
    gssize got;
    while ((got = g_input_stream_read(plain, buffer, sizeof buffer, NULL, error)) > 0) {
        g_string_append_len(text, buffer, got);
    }
    return g_string_free(text, got < 0);
}

static void add_line(GArray *args, char **fields, const char *province) {
    char code[REGION_CODE_MAX + 1];
    if (g_strv_length(fields) < 4 || !g_str_has_prefix(fields[0], province) ||
        !region_code_parse(fields[0], code)) {
        return;
    }
    DbArg row[] = {db_text(fields[0]),
                   db_text(fields[1]),
                   db_int(region_level(code)),
                   db_text(fields[3][0] == '\0' ? NULL : fields[3])};
    g_array_append_vals(args, row, G_N_ELEMENTS(row));
}

static bool put_change(const RegionChange *change, void *data, GError **error) {
    struct {
        Db *db;
        const char *province;
    } *job = data;
    return !g_str_has_prefix(change->code, job->province) || region_put(job->db, change, error);
}

bool region_load(Db *db, const char *province, int64_t *ret_added, GError **error) {
    g_autofree char *text = region_data_set(error);
    if (text == NULL) {
        return false;
    }
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (g_str_has_prefix(line, province)) {
            char **fields = g_strsplit(line, "\t", 5);
            g_ptr_array_add(kept, fields);
            add_line(args, fields, province);
        }
    }
    int64_t added = 0;
    struct {
        Db *db;
        const char *province;
    } job = {db, province};
    if (!db_exec_many(db,
                      SQL("INSERT INTO region (code, name, level, parent) VALUES ($1, $2, $3, $4) "
                          "ON CONFLICT (code) DO NOTHING"),
                      4,
                      (DbArgs){(const DbArg *)(void *)args->data, args->len},
                      &added,
                      error) ||
        !region_changes_visit(put_change, &job, error) || !region_kept_changed(db, error)) {
        return false;
    }
    if (ret_added != NULL) {
        *ret_added = added;
    }
    return true;
}
