/* Lines and parts of the bundle's tables. */
#include "draw/draw_files.h"

#include "base/error.h"

#include <string.h>

#define LINES_PER_PART 1000

/* --- writing --------------------------------------------------------------------------------- */

void draw_file_begin(DrawFileWriter *writer,
                     DigestKind kind,
                     const char *name,
                     const uint8_t *secret,
                     DrawPartSink sink,
                     void *data) {
    *writer = (DrawFileWriter){
        .name = name, .secret = secret, .sink = sink, .data = data, .text = g_string_new(NULL)};
    merkle_frontier_init(&writer->tree, kind);
}

static bool flush(DrawFileWriter *writer, GError **error) {
    if (writer->lines_in_part == 0) {
        return true;
    }
    if (!writer->sink(writer->part, writer->first_id, writer->text, writer->data, error)) {
        return false;
    }
    writer->part++;
    writer->lines_in_part = 0;
    g_string_truncate(writer->text, 0);
    return true;
}

bool draw_file_line(
    DrawFileWriter *writer, const char *id, const char *line, size_t size, GError **error) {
    uint8_t leaf[DIGEST_SIZE];
    draw_leaf(writer->tree.kind, writer->secret, writer->name, writer->tree.size, line, size, leaf);
    merkle_frontier_add(&writer->tree, leaf, NULL, NULL);
    if (writer->lines_in_part == 0) {
        g_strlcpy(writer->first_id, id, sizeof writer->first_id);
    }
    g_string_append_len(writer->text, line, (gssize)size);
    g_string_append_c(writer->text, '\n');
    writer->lines_in_part++;
    return writer->lines_in_part < LINES_PER_PART || flush(writer, error);
}

bool draw_file_end(DrawFileWriter *writer, GError **error) {
    return flush(writer, error);
}

void draw_file_clear(DrawFileWriter *writer) {
    if (writer->text != NULL) {
        g_string_free(writer->text, TRUE);
        writer->text = NULL;
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Cuts a line at its TABs into exactly `count` fields. */
static bool cut(char *text, const char **fields, unsigned count, GError **error) {
    for (unsigned i = 0; i < count; i++) {
        fields[i] = text;
        char *tab = strchr(text, '\t');
        if ((tab == NULL) != (i + 1 == count)) {
            return hz_fail(error, HZ_ERROR_INVALID, "needs %u fields", count);
        }
        if (tab != NULL) {
            *tab = '\0';
            text = tab + 1;
        }
    }
    return true;
}

/* Written the only way: digits, no leading zero. GLib passes over a vertical tab before a number.
 */
static bool
read_number(const char *text, const char *name, int64_t high, int64_t *ret, GError **error) {
    guint64 number = 0;
    if (!g_ascii_isdigit(text[0]) || (text[0] == '0' && text[1] != '\0') ||
        !g_ascii_string_to_unsigned(text, 10, 0, (guint64)high, &number, NULL)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "\"%s\" is not a number from 0 to %" G_GINT64_FORMAT,
                       name,
                       high);
    }
    *ret = (int64_t)number;
    return true;
}

static bool is_token(const char *text, size_t size_max) {
    size_t size = strlen(text);
    if (size < 1 || size > size_max) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '_' && text[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_day(const char *text) {
    if (strlen(text) != 10) {
        return false;
    }
    for (int i = 0; i < 10; i++) {
        bool is_dash = i == 4 || i == 7;
        if (is_dash ? text[i] != '-' : !g_ascii_isdigit(text[i])) {
            return false;
        }
    }
    return true;
}

void draw_pool_format(const DrawPoolLine *line, GString *out) {
    g_string_printf(out,
                    "%s\t%s\t%s\t%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT
                    "\t%" G_GINT64_FORMAT "\t%s",
                    line->id,
                    line->stratum,
                    line->district,
                    line->risk,
                    line->credit,
                    line->drawn,
                    line->reserved,
                    line->weight,
                    line->reason);
}

bool draw_pool_parse(char *text, DrawPoolLine *ret_line, GError **error) {
    const char *f[9];
    if (!cut(text, f, 9, error)) {
        return false;
    }
    DrawPoolLine line = {.id = f[0],
                         .stratum = f[1],
                         .district = f[2],
                         .risk = f[3],
                         .credit = f[4],
                         .reason = f[8]};
    if (!draw_id_valid(line.id)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"id\" is not [0-9A-Z_-]{1,20}");
    }
    if (!draw_stratum_valid(line.stratum)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"stratum\" is not [0-9a-z_-]{1,32}");
    }
    if (!is_token(line.district, DRAW_ID_MAX) || !is_token(line.risk, 16) ||
        !is_token(line.credit, 16) || !is_token(line.reason, 16)) {
        return hz_fail(error, HZ_ERROR_INVALID, "district, risk, credit or reason is no token");
    }
    if (!read_number(f[5], "drawn", 9999, &line.drawn, error) ||
        !read_number(f[6], "reserved", 9999, &line.reserved, error) ||
        !read_number(f[7], "w", DRAW_WEIGHT_MAX, &line.weight, error)) {
        return false;
    }
    *ret_line = line;
    return true;
}

void draw_insp_format(const DrawInspLine *line, GString *out) {
    g_string_printf(out,
                    "%s\t%s\t%d\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT,
                    line->id,
                    line->district,
                    line->is_lead ? 1 : 0,
                    line->valid_to,
                    line->load,
                    line->cap);
}

bool draw_insp_parse(char *text, DrawInspLine *ret_line, GError **error) {
    const char *f[6];
    int64_t lead = 0;
    if (!cut(text, f, 6, error)) {
        return false;
    }
    DrawInspLine line = {.id = f[0], .district = f[1], .valid_to = f[3]};
    if (!draw_id_valid(line.id) || !is_token(line.district, DRAW_ID_MAX)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"id\" or \"district\" is not well formed");
    }
    if (!is_day(line.valid_to)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"valid_to\" is not YYYY-MM-DD");
    }
    if (!read_number(f[2], "lead", 1, &lead, error) ||
        !read_number(f[4], "load", 1000000, &line.load, error) ||
        !read_number(f[5], "cap", 1000000, &line.cap, error)) {
        return false;
    }
    line.is_lead = lead == 1;
    *ret_line = line;
    return true;
}

const char *draw_text_keep(GPtrArray *texts, const char *text) {
    char *copy = g_strdup(text);
    g_ptr_array_add(texts, copy);
    return copy;
}

DrawInspector draw_insp_keep(const DrawInspLine *line, GPtrArray *texts) {
    return (DrawInspector){.id = draw_text_keep(texts, line->id),
                           .district = draw_text_keep(texts, line->district),
                           .valid_to = draw_text_keep(texts, line->valid_to),
                           .is_lead = line->is_lead,
                           .load = line->load,
                           .cap = line->cap};
}

void draw_deny_format(const DrawDenyLine *line, GString *out) {
    g_string_printf(out, "%s\t%s\t%s", line->target, line->inspector, line->code);
}

bool draw_deny_parse(char *text, DrawDenyLine *ret_line, GError **error) {
    const char *f[3];
    if (!cut(text, f, 3, error)) {
        return false;
    }
    if (!draw_id_valid(f[0]) || !draw_id_valid(f[1]) || !is_token(f[2], 16)) {
        return hz_fail(error, HZ_ERROR_INVALID, "target, inspector or code is not well formed");
    }
    *ret_line = (DrawDenyLine){f[0], f[1], f[2]};
    return true;
}
