/*
 * usage: units_queries DB_URL [UNITS] [ROUNDS]
 *
 * Fills an empty database with synthetic units of Chongqing's districts through the intake, then
 * asks each class of list and search ROUNDS times (one connection, one thread) and prints the
 * median, 99th percentile and worst time of page and count together. A database that has units is
 * used as it is. All names are invented.
 */
#include "registry/intake.h"
#include "registry/region.h"
#include "registry/unit_list.h"
#include "web/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW_US INT64_C(1795000000000000)
#define BATCH 1000
#define COMMIT 10000

static void die(GError *error) {
    fprintf(stderr, "units_queries: %s\n", error->message);
    exit(3);
}

/* --- filling ------------------------------------------------------------------------------------
 */

static const char *const firsts[] = {
    "山城", "江畔", "云顶", "金辉", "南麓", "福满", "旺角", "新源", "嘉禾", "天府", "锦绣", "翠屏",
    "朝霞", "星海", "龙腾", "凤鸣", "安居", "永泰", "和顺", "鼎盛", "百味", "千禧", "万象", "瑞祥"};
static const char *const lasts[] = {
    "火锅店", "商务宾馆", "超市",     "农贸市场", "幼儿园", "中学",   "社区医院", "养老院",
    "网吧",   "歌城",     "机械厂",   "仓库",     "物流园", "写字楼", "小区",     "修理铺",
    "电影院", "茶楼",     "洗浴中心", "培训学校", "药店",   "加油站", "物业公司", "便利店"};
static const char *const roads[] = {"人民路",
                                    "中山路",
                                    "解放路",
                                    "建设路",
                                    "新华路",
                                    "滨江路",
                                    "学府路",
                                    "工业路",
                                    "迎宾路",
                                    "长江路",
                                    "嘉陵路",
                                    "民权路"};
static const char *const categories[] = {"饭店",
                                         "宾馆",
                                         "商场",
                                         "集贸市场",
                                         "学校",
                                         "医院",
                                         "九小场所",
                                         "九小场所",
                                         "九小场所",
                                         "办公",
                                         "住宅",
                                         "仓储物流"};
static const char *const risks[] = {"低", "低", "低", "低", "一般", "一般", "较高", "高", ""};
static const char *const credits[] = {"A", "B", "B", "B", "C", "D", ""};

typedef struct Row {
    char source_id[24], uscc[19], name[160], address[200];
} Row;

#define PICK(random, list) ((list)[g_rand_int_range((random), 0, G_N_ELEMENTS(list))])

static void
make_row(GRand *random, int64_t number, GPtrArray *streets, Row *row, UnitInput *input) {
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const Region *street = streets->pdata[g_rand_int_range(random, 0, (gint32)streets->len)];
    g_snprintf(row->source_id, sizeof row->source_id, "S%08" G_GINT64_FORMAT, number);
    g_snprintf(row->uscc, sizeof row->uscc, "91%.6sMA", street->code);
    for (int i = 10; i < 18; i++) {
        row->uscc[i] = letters[g_rand_int_range(random, 0, 31)];
    }
    row->uscc[18] = '\0';
    g_snprintf(row->name,
               sizeof row->name,
               "%s%s%s%d号店",
               g_rand_int_range(random, 0, 3) == 0 ? street->name : "演示",
               PICK(random, firsts),
               PICK(random, lasts),
               g_rand_int_range(random, 1, 5000));
    g_snprintf(row->address,
               sizeof row->address,
               "重庆市%s%s%d号附%d号",
               street->name,
               PICK(random, roads),
               g_rand_int_range(random, 1, 900),
               g_rand_int_range(random, 1, 40));
    *input = (UnitInput){.source = "演示",
                         .source_id = row->source_id,
                         .uscc = row->uscc,
                         .name = row->name,
                         .address = row->address,
                         .region = street->code,
                         .category = PICK(random, categories),
                         .risk = PICK(random, risks),
                         .credit = PICK(random, credits),
                         .is_key_unit = g_rand_int_range(random, 0, 50) == 0 ? "是" : "否"};
}

static GPtrArray *load_streets(Db *db) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    if (!db_begin(db, &tx, &error) || !region_load(db, "50", NULL, &error) ||
        !db_commit(&tx, &error)) {
        die(error);
    }
    g_autoptr(GPtrArray) districts = region_districts(db, "50", "2026-11-22", &error);
    GPtrArray *streets = g_ptr_array_new();
    for (guint i = 0; districts != NULL && i < districts->len; i++) {
        GPtrArray *inside =
            region_children(db, ((Region *)districts->pdata[i])->code, NULL, &error);
        for (guint j = 0; inside != NULL && j < inside->len; j++) {
            g_ptr_array_add(streets, inside->pdata[j]); /* kept until the program ends */
        }
    }
    if (streets->len == 0) {
        die(error);
    }
    return streets;
}

static void spread_inspections(Db *db) {
    g_autoptr(GError) error = NULL;
    if (!db_exec(db,
                 SQL("UPDATE unit SET last_inspected_us = $1 - (id % 1100) * 86400000000 "
                     "WHERE id % 3 = 0"),
                 DB_ARGS(db_int(NOW_US)),
                 NULL,
                 &error)) {
        die(error);
    }
}

static void fill(Db *db, int64_t units) {
    g_autoptr(GRand) random = g_rand_new_with_seed(42);
    GPtrArray *streets = load_streets(db);
    g_autofree Row *rows = g_new0(Row, BATCH);
    g_autofree UnitInput *inputs = g_new0(UnitInput, BATCH);
    g_autofree IntakeResult *results = g_new0(IntakeResult, BATCH);
    IntakeContext context = {.scope_region = "50", .now_us = NOW_US};
    int64_t begun = g_get_monotonic_time();
    for (int64_t done = 0; done < units;) {
        g_autoptr(GError) error = NULL;
        g_auto(DbTx) tx = {0};
        bool good = db_begin(db, &tx, &error);
        for (int64_t end = MIN(done + COMMIT, units); good && done < end;) {
            size_t count = (size_t)MIN(BATCH, end - done);
            for (size_t i = 0; i < count; i++) {
                make_row(random, done + (int64_t)i, streets, &rows[i], &inputs[i]);
            }
            good = intake_batch(db, INTAKE_UNIT, inputs, count, &context, results, &error);
            for (size_t i = 0; i < count; i++) {
                intake_result_clear(&results[i]);
            }
            done += (int64_t)count;
        }
        if (!good || !db_commit(&tx, &error)) {
            die(error);
        }
        if (done % 100000 == 0) {
            double s = (double)(g_get_monotonic_time() - begun) / 1e6;
            fprintf(
                stderr, "filled %" G_GINT64_FORMAT " (%.0f a second)\n", done, (double)done / s);
        }
    }
    double seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
    printf("intake\t%" G_GINT64_FORMAT " units\t%.1f s\t%.0f a second\n",
           units,
           seconds,
           (double)units / seconds);
    spread_inspections(db);
}

/* --- asking -------------------------------------------------------------------------------------
 */

typedef struct Class {
    const char *name;
    const char *words; /* "name=value;…"; {d} a district, {s} a street, {n} a name's beginning */
} Class;

static const Class classes[] = {
    {"list", ""},
    {"list from a name", "from={n}"},
    {"list, last page", "sort=-name"},
    {"list by inspection", "sort=last"},
    {"list by inspection, newest", "sort=-last"},
    {"district", "region={d}"},
    {"district from a name", "region={d};from={n}"},
    {"district by inspection", "region={d};sort=last"},
    {"street", "region={s}"},
    {"street, risk, by inspection", "region={s};risk=raised;sort=-last"},
    {"category", "category=hotel"},
    {"category group", "category=assembly;from={n}"},
    {"risk and credit", "risk=high;credit=D"},
    {"four facets", "category=mall;risk=high;credit=D;key=1"},
    {"four facets, by inspection", "category=mall;risk=high;credit=C;key=1;sort=last"},
    {"key units from a name", "key=1;from={n}"},
    {"district, category", "region={d};category=hospital"},
    {"district, risk, credit", "region={d};risk=high;credit=C;from={n}"},
    {"not in a year", "last=year"},
    {"never inspected, district, risk", "region={d};last=never;risk=high"},
    {"not in a year, four facets", "category=mall;risk=high;credit=C;key=1;last=year"},
    {"search 2 characters, common", "q=火锅"},
    {"search 2 characters, all rows", "q=重庆"},
    {"search 4 characters", "q=山城火锅"},
    {"search name", "q={n}"},
    {"search address", "q=中山路88号"},
    {"search road, common", "q=中山路"},
    {"search two terms", "q=翠屏 幼儿园"},
    {"search digits, 2", "q=88"},
    {"search digits, 3", "q=888"},
    {"search code part", "q=103ma"},
    {"search code", "q={c}"},
    {"search in a district", "q=火锅;region={d}"},
    {"search in a street", "q=火锅;region={s}"},
    {"search with facets", "q=火锅;category=hotel;risk=high;credit=D"},
    {"search, not in a year", "q=茶楼;last=year"},
    {"search, nothing", "q=乌有之乡"},
    {"search, common but never together", "q=锅火"},
};

typedef struct Samples {
    GPtrArray *units; /* of Unit */
    GStringChunk *texts;
} Samples;

static const char *get_word(const void *from, const char *name) {
    return g_hash_table_lookup((GHashTable *)from, name);
}

static char *expand(const char *value, const Unit *unit) {
    if (strcmp(value, "{d}") == 0) {
        return g_strndup(unit->region, 6);
    }
    if (strcmp(value, "{s}") == 0) {
        return g_strdup(unit->region);
    }
    if (strcmp(value, "{n}") == 0) {
        return g_utf8_substring(unit->name, 0, MIN(6, g_utf8_strlen(unit->name, -1)));
    }
    return g_strdup(strcmp(value, "{c}") == 0 && unit->uscc != NULL ? unit->uscc : value);
}

static GHashTable *read_words(const char *text, const Unit *unit) {
    GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');
        if (equals != NULL) {
            g_hash_table_insert(
                words, g_strndup(*part, (gsize)(equals - *part)), expand(equals + 1, unit));
        }
    }
    return words;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool use_cpu; /* UNITS_QUERIES_CPU=1: processor time instead, for a busy machine */

static int64_t backend; /* process that answers for PostgreSQL; 0: none */

/* Microseconds of this thread, and of the backend on the same machine (sched-stats.rst: the first
 * number is nanoseconds on the processor). */
static int64_t cpu_time(void) {
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    int64_t own = (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/schedstat", backend);
    g_autofree char *text = NULL;
    if (backend == 0 || !g_file_get_contents(path, &text, NULL, NULL)) {
        return own;
    }
    return own + g_ascii_strtoll(text, NULL, 10) / 1000;
}

static int64_t ask(Db *db, const Class *class, const Unit *unit, guint *ret_rows) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) words = read_words(class->words, unit);
    g_auto(UnitQuery) query = {0};
    g_auto(UnitPage) page = {0};
    const char *problem;
    bool denied;
    if (!unit_query_parse(get_word, words, "50", NOW_US, &query, &problem, &denied)) {
        fprintf(stderr, "units_queries: %s: %s\n", class->name, problem);
        exit(3);
    }
    int64_t begun = use_cpu ? cpu_time() : g_get_monotonic_time();
    if (!unit_list_page(db, &query, 50, &page, &error) ||
        (!page.has_total && !unit_list_count(db, &query, &page.total, &error))) {
        die(error);
    }
    *ret_rows = page.units->len;
    return (use_cpu ? cpu_time() : g_get_monotonic_time()) - begun;
}

static void measure(Db *db, const Class *class, GPtrArray *units, int rounds) {
    g_autofree double *ms = g_new0(double, (gsize)rounds);
    guint rows = 0;
    for (int i = 0; i < rounds; i++) {
        const Unit *unit = units->pdata[(guint)i % units->len];
        ms[i] = (double)ask(db, class, unit, &rows) / 1e3;
    }
    qsort(ms, (size_t)rounds, sizeof *ms, compare_doubles);
    printf("%-36s p50 %7.2f ms  p99 %7.2f ms  max %7.2f ms  rows %u\n",
           class->name,
           ms[rounds / 2],
           ms[rounds * 99 / 100],
           ms[rounds - 1],
           rows);
    fflush(stdout);
}

static GPtrArray *load_samples(Db *db, int64_t units) {
    GPtrArray *samples = g_ptr_array_new();
    for (int64_t i = 0; i < 64; i++) {
        g_autoptr(GError) error = NULL;
        Unit *unit = g_new0(Unit, 1); /* kept until the program ends */
        if (!unit_find(db, 1 + i * MAX(units / 64, 1), unit, &error)) {
            die(error);
        }
        g_ptr_array_add(samples, unit);
    }
    return samples;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: units_queries DB_URL [UNITS] [ROUNDS]\n");
        return 2;
    }
    int64_t units = argc > 2 ? g_ascii_strtoll(argv[2], NULL, 10) : 1000000;
    int rounds = argc > 3 ? (int)g_ascii_strtoll(argv[3], NULL, 10) : 200;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(argv[1], DB_READ_WRITE, &error);
    int64_t there = 0;
    if (db == NULL || !modules_migrate(db, &error) ||
        !db_query_int(
            db, SQL("SELECT coalesce(max(id), 0) FROM unit"), DB_NO_ARGS, &there, &error)) {
        die(error);
    }
    if (there == 0) {
        fill(db, units);
        there = units;
    }
    g_autoptr(Db) reader = db_open(argv[1], DB_READ_ONLY, &error);
    if (reader == NULL) {
        die(error);
    }
    use_cpu = g_getenv("UNITS_QUERIES_CPU") != NULL;
    if (db_engine(reader) == DB_ENGINE_PG &&
        !db_query_int(reader, SQL("SELECT pg_backend_pid()"), DB_NO_ARGS, &backend, &error)) {
        die(error);
    }
    GPtrArray *samples = load_samples(reader, there);
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        measure(reader, &classes[i], samples, rounds);
    }
    return 0;
}
