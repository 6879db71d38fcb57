/*
 * Bytes of a file to UTF-8 text, piece by piece.
 *
 * Without a BOM or a word from the person, the whole file is looked at once: valid UTF-8 is UTF-8.
 * Chinese in GB 18030 is practically never valid UTF-8, but a UTF-8 file with one broken byte must
 * not be read as GB 18030 either: after SURE_SEQUENCES proper three-byte sequences an invalid byte
 * is a mistake in a UTF-8 file and is named as such.
 */
#include "base/limits.h"
#include "table/table_internal.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#define CHUNK (64 * KIB)
#define SURE_SEQUENCES 16

struct TableDecoder {
    TableReader *reader;
    FILE *file;
    TableEncoding encoding;
    iconv_t converter; /* (iconv_t)-1 for UTF-8 */
    char in[CHUNK + 8];
    size_t in_size; /* bytes waiting in `in` */
    int64_t offset; /* of in[0] in the file */
    char *out;
    size_t out_size;
    int64_t line;
    bool file_ended;
};

/* Valid prefix of the text; *ret_cut: what follows may be the beginning of a character. */
static size_t valid_prefix(const char *text, size_t size, bool *ret_cut) {
    const char *end = NULL;
    *ret_cut = false;
    if (g_utf8_validate_len(text, size, &end)) {
        return size;
    }
    size_t valid = (size_t)(end - text);
    /* g_utf8_validate_len stops at NUL, which is a matter for the caller. */
    if (text[valid] != '\0') {
        *ret_cut = size - valid < 4 &&
                   g_utf8_get_char_validated(end, (gssize)(size - valid)) == (gunichar)-2;
    }
    return valid;
}

static size_t count_three_byte(const char *text, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += ((unsigned char)text[i] & 0xF0) == 0xE0;
    }
    return count;
}

/* Reads the file once; true: every byte of it is valid UTF-8, or broken UTF-8 rather than
 * GB 18030. */
static bool looks_like_utf8(FILE *file) {
    g_autofree char *buffer = g_malloc(CHUNK + 8);
    size_t held = 0;
    size_t sequences = 0;
    for (;;) {
        size_t got = fread(buffer + held, 1, CHUNK, file);
        size_t size = held + got;
        if (size == 0) {
            return true;
        }
        bool is_cut = false;
        size_t valid = 0;
        for (;;) {
            valid += valid_prefix(buffer + valid, size - valid, &is_cut);
            if (valid < size && buffer[valid] == '\0') {
                valid++;
                continue;
            }
            break;
        }
        if (sequences < SURE_SEQUENCES) {
            sequences += count_three_byte(buffer, valid);
        }
        if (valid < size && (!is_cut || got == 0)) {
            return sequences >= SURE_SEQUENCES;
        }
        held = size - valid;
        memmove(buffer, buffer + valid, held);
    }
}

static TableEncoding encoding_of_bom(const unsigned char *head, size_t size, size_t *ret_bom) {
    *ret_bom = 0;
    if (size >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0) {
        *ret_bom = 3;
        return TABLE_ENCODING_UTF8;
    }
    if (size >= 2 && memcmp(head, "\xFF\xFE", 2) == 0) {
        *ret_bom = 2;
        return TABLE_ENCODING_UTF16LE;
    }
    if (size >= 2 && memcmp(head, "\xFE\xFF", 2) == 0) {
        *ret_bom = 2;
        return TABLE_ENCODING_UTF16BE;
    }
    if (size >= 4 && memcmp(head, "\x84\x31\x95\x33", 4) == 0) {
        *ret_bom = 4;
        return TABLE_ENCODING_GB18030;
    }
    return TABLE_ENCODING_AUTO;
}

static void choose_encoding(TableDecoder *decoder) {
    unsigned char head[4] = {0};
    size_t got = fread(head, 1, sizeof head, decoder->file);
    size_t bom = 0;
    TableEncoding marked = encoding_of_bom(head, got, &bom);
    TableEncoding told = decoder->reader->options.encoding;
    rewind(decoder->file);
    if (told != TABLE_ENCODING_AUTO) {
        decoder->encoding = told;
    } else if (marked != TABLE_ENCODING_AUTO) {
        decoder->encoding = marked;
    } else {
        decoder->encoding =
            looks_like_utf8(decoder->file) ? TABLE_ENCODING_UTF8 : TABLE_ENCODING_GB18030;
        rewind(decoder->file);
    }
    if (marked == decoder->encoding) {
        /* A seek inside a regular file or memory that was just read cannot fail. */
        (void)fseek(decoder->file, (long)bom, SEEK_SET);
        decoder->offset = (int64_t)bom;
    }
}

bool decoder_open(TableReader *reader, TableDecoder **ret_decoder, GError **error) {
    FILE *file = table_stream(reader, error);
    if (file == NULL) {
        return false;
    }
    TableDecoder *decoder = g_new0(TableDecoder, 1);
    decoder->reader = reader;
    decoder->file = file;
    decoder->line = 1;
    decoder->converter = (iconv_t)-1;
    choose_encoding(decoder);
    const char *name = decoder->encoding == TABLE_ENCODING_GB18030   ? "GB18030"
                       : decoder->encoding == TABLE_ENCODING_UTF16LE ? "UTF-16LE"
                       : decoder->encoding == TABLE_ENCODING_UTF16BE ? "UTF-16BE"
                                                                     : NULL;
    if (name != NULL) {
        decoder->converter = iconv_open("UTF-8", name);
        if (decoder->converter == (iconv_t)-1) {
            decoder_free(decoder);
            return table_fail(
                reader, TABLE_UNREADABLE, 0, -1, error, "this system cannot convert %s", name);
        }
        decoder->out = g_malloc(4 * CHUNK);
    }
    *ret_decoder = decoder;
    return true;
}

void decoder_free(TableDecoder *decoder) {
    if (decoder == NULL) {
        return;
    }
    if (decoder->converter != (iconv_t)-1) {
        iconv_close(decoder->converter);
    }
    (void)fclose(decoder->file); /* only read */
    g_free(decoder->out);
    g_free(decoder);
}

static size_t count_lines(const char *text, size_t size) {
    size_t count = 0;
    const char *at = text;
    const char *end = text + size;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

static bool
fail_at(TableDecoder *decoder, TableTrouble trouble, int64_t line, int64_t byte, GError **error) {
    return table_fail(decoder->reader,
                      trouble,
                      line,
                      byte,
                      error,
                      "line %" G_GINT64_FORMAT ", byte %" G_GINT64_FORMAT ": %s %s",
                      line,
                      byte,
                      trouble == TABLE_HAS_NUL ? "a NUL byte in" : "not valid",
                      table_encoding_word(decoder->encoding));
}

static bool read_more(TableDecoder *decoder, GError **error) {
    if (decoder->file_ended) {
        return true;
    }
    size_t room = sizeof decoder->in - decoder->in_size;
    if (room == 0) {
        return true;
    }
    size_t got = fread(decoder->in + decoder->in_size, 1, MIN(room, CHUNK), decoder->file);
    if (got == 0 && ferror(decoder->file)) {
        return table_fail(
            decoder->reader, TABLE_UNREADABLE, decoder->line, -1, error, "cannot read the file");
    }
    decoder->in_size += got;
    decoder->file_ended = got == 0;
    return true;
}

/* Moves the last piece out of `in`. */
static void drop(TableDecoder *decoder, size_t used) {
    memmove(decoder->in, decoder->in + used, decoder->in_size - used);
    decoder->in_size -= used;
    decoder->offset += (int64_t)used;
}

static bool
next_utf8(TableDecoder *decoder, const char **ret_text, size_t *ret_size, GError **error) {
    drop(decoder, decoder->out_size);
    decoder->out_size = 0;
    if (!read_more(decoder, error)) {
        return false;
    }
    bool is_cut = false;
    size_t valid = valid_prefix(decoder->in, decoder->in_size, &is_cut);
    if (valid < decoder->in_size && (!is_cut || decoder->file_ended)) {
        int64_t line = decoder->line + (int64_t)count_lines(decoder->in, valid);
        bool is_nul = decoder->in[valid] == '\0';
        return fail_at(decoder,
                       is_nul ? TABLE_HAS_NUL : TABLE_BAD_ENCODING,
                       line,
                       decoder->offset + (int64_t)valid,
                       error);
    }
    *ret_text = decoder->in;
    *ret_size = valid;
    decoder->out_size = valid;
    return true;
}

/* Where in the bytes not yet converted the first NUL character stands. */
static size_t raw_nul(const TableDecoder *decoder) {
    size_t step = decoder->encoding == TABLE_ENCODING_GB18030 ? 1 : 2;
    size_t at = 0;
    while (at + step <= decoder->in_size &&
           (decoder->in[at] != '\0' || decoder->in[at + step - 1] != '\0')) {
        at += step;
    }
    return at;
}

static bool
next_converted(TableDecoder *decoder, const char **ret_text, size_t *ret_size, GError **error) {
    if (!read_more(decoder, error)) {
        return false;
    }
    char *from = decoder->in;
    size_t from_left = decoder->in_size;
    char *to = decoder->out;
    size_t to_left = 4 * (size_t)CHUNK;
    size_t result = iconv(decoder->converter, &from, &from_left, &to, &to_left);
    int why = errno;
    size_t made = (size_t)(to - decoder->out);
    size_t used = (size_t)(from - decoder->in);
    bool is_bad = result == (size_t)-1 && (why == EILSEQ || (why == EINVAL && decoder->file_ended));
    const char *nul = memchr(decoder->out, '\0', made);
    if (nul != NULL || (is_bad && made == 0)) {
        size_t good = nul != NULL ? (size_t)(nul - decoder->out) : made;
        return fail_at(decoder,
                       nul != NULL ? TABLE_HAS_NUL : TABLE_BAD_ENCODING,
                       decoder->line + (int64_t)count_lines(decoder->out, good),
                       decoder->offset + (int64_t)(nul != NULL ? raw_nul(decoder) : used),
                       error);
    }
    drop(decoder, used);
    *ret_text = decoder->out;
    *ret_size = made;
    return true;
}

bool decoder_next(TableDecoder *decoder, const char **ret_text, size_t *ret_size, GError **error) {
    for (;;) {
        bool done = decoder->converter == (iconv_t)-1
                        ? next_utf8(decoder, ret_text, ret_size, error)
                        : next_converted(decoder, ret_text, ret_size, error);
        if (!done) {
            return false;
        }
        if (*ret_size > 0 || decoder->file_ended) {
            decoder->line += (int64_t)count_lines(*ret_text, *ret_size);
            return true;
        }
    }
}

TableEncoding decoder_encoding(const TableDecoder *decoder) {
    return decoder->encoding;
}

int64_t decoder_position(const TableDecoder *decoder) {
    return decoder->offset + (int64_t)(decoder->converter == (iconv_t)-1 ? decoder->out_size : 0);
}
