/* Adding, cancelling and showing jobs. */
#include "job/job_internal.h"

#include "base/clock.h"

#include <string.h>

bool job_add(Db *db,
             const char *kind,
             int64_t account_id,
             const json_t *params,
             int64_t *ret_id,
             GError **error) {
    g_autofree char *text = json_write(params);
    return job_store_add(db, kind, account_id, text, clock_now_us(), ret_id, error);
}

static JobRow *find_own(Db *db, int64_t id, int64_t account_id, GError **error) {
    g_autoptr(JobRow) row = job_store_find(db, id, error);
    if (row == NULL) {
        return NULL;
    }
    if (row->account_id != account_id) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no job %" G_GINT64_FORMAT, id);
        return NULL;
    }
    return g_steal_pointer(&row);
}

bool job_cancel(Db *db, int64_t id, int64_t account_id, GError **error) {
    g_autoptr(JobRow) row = find_own(db, id, account_id, error);
    if (row == NULL) {
        return false;
    }
    if (row->state != JOB_WAITING && row->state != JOB_RUNNING) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the job has ended already");
    }
    /* In this process the flag is enough; the row may be out of reach while the run writes. */
    if (row->state == JOB_RUNNING && job_live_cancel(row->token)) {
        return true;
    }
    return job_store_ask_cancel(db, id, clock_now_us(), error);
}

char *job_count_zh(int64_t count) {
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, count);
    GString *text = g_string_new(NULL);
    size_t size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        size_t left = size - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-') {
            g_string_append_c(text, ',');
        }
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

char *job_remaining_zh(int64_t done, int64_t total, int64_t elapsed_us) {
    if (done <= 0 || total <= done || elapsed_us < CLOCK_SECOND_US / 2) {
        return g_strdup("");
    }
    double seconds = (double)(total - done) * ((double)elapsed_us / 1e6) / (double)done;
    if (seconds < 60.0) {
        return g_strdup_printf("约还要 %d 秒", (int)seconds + 1);
    }
    if (seconds < 3600.0) {
        return g_strdup_printf("约还要 %d 分钟", (int)(seconds / 60.0) + 1);
    }
    return g_strdup_printf("约还要 %.1f 小时", seconds / 3600.0);
}

static const struct {
    const char *name_zh;
    const char *icon;
    const char *css;
} state_looks[JOB_STATE_COUNT] = {
    [JOB_WAITING] = {"等待开始", "hourglass", ""},
    [JOB_RUNNING] = {"办理中", "progress", "i"},
    [JOB_DONE] = {"已完成", "circle-check", "k"},
    [JOB_FAILED] = {"未完成", "circle-x", "b"},
    [JOB_INTERRUPTED] = {"中断", "circle-x", "w"},
    [JOB_CANCELLED] = {"已取消", "ban", ""},
};

/* A sentence for the person when the kind left none. */
static const char *error_sentence(const JobRow *row) {
    if (row->state == JOB_INTERRUPTED) {
        return "服务器在办理途中停过。已经写入的都在，请重新发起一次。";
    }
    if (row->state != JOB_FAILED) {
        return NULL;
    }
    const char *word = row->error_word != NULL ? row->error_word : "internal";
    if (strcmp(word, "unavailable") == 0) {
        return "数据库或磁盘暂时用不了。请稍后重新发起一次。";
    }
    if (strcmp(word, "limit") == 0) {
        return "超出了允许的大小。";
    }
    if (strcmp(word, "denied") == 0) {
        return "您的权限或辖区不包括这件事。";
    }
    return "没有办成。请把本页的编号告诉系统管理员。";
}

static void put_progress(json_t *model, const JobRow *row) {
    JobLive live = {row->done, row->total, 0, 0, row->is_cancelled};
    bool is_live = row->state == JOB_RUNNING && job_live_get(row->token, &live);
    int64_t elapsed_us =
        is_live ? g_get_monotonic_time() - live.begun_us
                : (row->state == JOB_RUNNING ? clock_now_us() : row->changed_us) - row->started_us;
    int64_t counted = is_live && live.begun_done > 0 ? live.done - live.begun_done : live.done;
    double rate = elapsed_us > 0 ? (double)counted * 1e6 / (double)elapsed_us : 0.0;
    g_autofree char *done = job_count_zh(live.done);
    g_autofree char *total = job_count_zh(live.total);
    g_autofree char *per_second = job_count_zh((int64_t)rate);
    g_autofree char *rate_zh =
        rate >= 1.0 ? g_strdup_printf("每秒 %s 行", per_second) : g_strdup("");
    g_autofree char *remaining =
        row->state == JOB_RUNNING
            ? job_remaining_zh(counted, live.total - (live.done - counted), elapsed_us)
            : g_strdup("");
    json_put_int(model, "done", live.done);
    json_put_int(model, "total", live.total);
    json_put_text(model, "done_zh", done);
    json_put_text(model, "total_zh", live.total > 0 ? total : "");
    json_put_int(model, "percent", live.total > 0 ? MIN(live.done * 100 / live.total, 100) : 0);
    json_put_int(model, "rate", (int64_t)rate);
    json_put_text(model, "rate_zh", rate_zh);
    json_put_text(model, "remaining_zh", remaining);
    json_put_bool(model, "is_stopping", live.is_cancelled && row->state == JOB_RUNNING);
}

static json_t *read_object(const char *text) {
    json_t *value = text != NULL ? json_read(text, strlen(text), NULL) : NULL;
    return value;
}

static void put_result(json_t *model, const JobRow *row) {
    g_autoptr(json_t) result = read_object(row->result);
    const char *sentence = json_get_text(result, "error_zh", error_sentence(row));
    json_put_text(model, "error_zh", sentence);
    json_put_text(model, "error", row->error);
    json_put_text(model, "text_zh", json_get_text(result, "text_zh", NULL));
    static const char *const lists[] = {"facts", "files", "links"};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        const json_t *list = json_object_get(result, lists[i]);
        json_put(model, lists[i], json_is_array(list) ? json_deep_copy(list) : json_array());
        g_autofree char *has = g_strdup_printf("has_%s", lists[i]);
        json_put_bool(model, has, json_array_size(list) > 0);
    }
    json_put(model, "result", result != NULL ? json_incref(result) : json_null());
}

static json_t *model_of_row(const JobRow *row) {
    json_t *model = json_object();
    g_autoptr(json_t) params = read_object(row->params);
    g_autofree char *own_page = g_strdup_printf("/work/jobs/%" G_GINT64_FORMAT, row->id);
    g_autofree char *created = clock_format_minute(row->created_us);
    json_put_int(model, "id", row->id);
    json_put_text(model, "kind", row->kind);
    json_put_int(model, "account_id", row->account_id);
    json_put_text(model, "title", json_get_text(params, "title", row->kind));
    json_put_text(model, "page", json_get_text(params, "page", own_page));
    json_put_text(model, "created_zh", created);
    json_put_text(model, "state", job_state_word(row->state));
    json_put_text(model, "state_zh", state_looks[row->state].name_zh);
    json_put_text(model, "state_icon", state_looks[row->state].icon);
    json_put_text(model, "state_class", state_looks[row->state].css);
    json_put_bool(model, "is_running", row->state == JOB_WAITING || row->state == JOB_RUNNING);
    json_put_bool(model, "is_done", row->state == JOB_DONE);
    put_progress(model, row);
    put_result(model, row);
    return model;
}

json_t *job_model(Db *db, int64_t id, GError **error) {
    g_autoptr(JobRow) row = job_store_find(db, id, error);
    return row != NULL ? model_of_row(row) : NULL;
}

json_t *job_model_of(Db *db, int64_t id, int64_t account_id, GError **error) {
    g_autoptr(JobRow) row = find_own(db, id, account_id, error);
    return row != NULL ? model_of_row(row) : NULL;
}

json_t *job_list_model(Db *db, int64_t account_id, int64_t before, int64_t count, GError **error) {
    g_autoptr(GPtrArray) rows = job_store_list(db, account_id, before, count + 1, error);
    if (rows == NULL) {
        return NULL;
    }
    json_t *model = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < rows->len && (int64_t)i < count; i++) {
        json_array_append_new(list, model_of_row(rows->pdata[i]));
    }
    bool has_more = (int64_t)rows->len > count;
    const JobRow *last = has_more ? rows->pdata[count - 1] : NULL;
    json_put(model, "jobs", list);
    json_put_bool(model, "has_jobs", rows->len > 0);
    json_put_bool(model, "has_more", has_more);
    json_put_int(model, "next_before", last != NULL ? last->id : 0);
    return model;
}

Response *job_file_response(Db *db, int64_t id, int64_t account_id, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autoptr(JobRow) row = find_own(db, id, account_id, &error);
    if (row == NULL) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) result = read_object(row->result);
    const json_t *files = json_object_get(result, "files");
    for (size_t i = 0; row->data_dir != NULL && i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        if (strcmp(json_get_text(file, "name", ""), name) != 0) {
            continue;
        }
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, id);
        g_autofree char *path = g_build_filename(row->data_dir, "jobs", number, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            const char *mime = json_get_text(file, "mime", "application/octet-stream");
            return response_file(mime, path, name, false);
        }
    }
    return response_not_found();
}

char *job_topic(int64_t account_id) {
    return g_strdup_printf("jobs:%" G_GINT64_FORMAT, account_id);
}
