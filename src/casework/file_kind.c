#include "casework/file_kind.h"

#include <glib.h>
#include <string.h>

#define ENDINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
static const FileKindInfo infos[] = {
    [FILE_JPEG] = {"jpeg", "image/jpeg", "JPEG 图片", ENDINGS(".jpg", ".jpeg"), true, true, true},
    [FILE_PNG] = {"png", "image/png", "PNG 图片", ENDINGS(".png"), true, true, false},
    [FILE_WEBP] = {"webp", "image/webp", "WebP 图片", ENDINGS(".webp"), true, true, false},
    [FILE_PDF] = {"pdf", "application/pdf", "PDF", ENDINGS(".pdf"), false, false, false},
    [FILE_MP4] =
        {"mp4", "video/mp4", "MP4 录像、录音", ENDINGS(".mp4", ".m4a", ".3gp"), false, true, false},
    [FILE_MOV] = {"mov", "video/quicktime", "MOV 录像", ENDINGS(".mov"), false, true, false},
    [FILE_TEXT] = {"text", "text/plain", "纯文本", ENDINGS(".txt", ".csv"), false, false, false},
};

const FileKindInfo *file_kind_info(FileKind kind) {
    g_assert((size_t)kind < G_N_ELEMENTS(infos));
    return &infos[kind];
}

char *file_kind_save_name(FileKind kind, const char *name) {
    const char *const *endings = file_kind_info(kind)->endings;
    g_autofree char *folded = g_ascii_strdown(name, -1);
    for (size_t i = 0; endings[i] != NULL; i++) {
        if (g_str_has_suffix(folded, endings[i])) {
            return g_strdup(name);
        }
    }
    return g_strconcat(name, endings[0], NULL);
}

FileKind file_kind_from_word(const char *word) {
    for (size_t i = 0; word != NULL && i < G_N_ELEMENTS(infos); i++) {
        if (strcmp(infos[i].word, word) == 0) {
            return (FileKind)i;
        }
    }
    return FILE_NONE;
}

const char *file_kind_accept(void) {
    return "image/jpeg,image/png,image/webp,application/pdf,video/mp4,video/quicktime,text/plain";
}

const char *file_kinds_zh(void) {
    return "JPEG、PNG、WebP 图片，PDF，MP4、MOV 录像，UTF-8 纯文本";
}

static bool starts(const void *bytes, size_t size, size_t at, const char *mark, size_t length) {
    return size >= at + length && memcmp((const char *)bytes + at, mark, length) == 0;
}
#define STARTS(at, mark) starts(bytes, size, (at), (mark), sizeof(mark) - 1)

/* ISO 14496-12: the major brand says what the box file is. HEIC and AVIF pictures are box files too
 * and are not taken: few browsers show them. */
static FileKind box_kind(const char *brand) {
    static const char *const films[] = {"isom",
                                        "iso2",
                                        "iso3",
                                        "iso4",
                                        "iso5",
                                        "iso6",
                                        "mp41",
                                        "mp42",
                                        "avc1",
                                        "M4V ",
                                        "M4A ",
                                        "MSNV",
                                        "dash",
                                        "3gp4",
                                        "3gp5",
                                        "3gp6",
                                        "3g2a"};
    if (memcmp(brand, "qt  ", 4) == 0) {
        return FILE_MOV;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(films); i++) {
        if (memcmp(brand, films[i], 4) == 0) {
            return FILE_MP4;
        }
    }
    return FILE_NONE;
}

/* UTF-8 without control characters other than line ends, tabs and form feeds. */
static bool is_text(const char *bytes, size_t size) {
    if (size == 0 || !g_utf8_validate_len(bytes, size, NULL)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char one = (unsigned char)bytes[i];
        if ((one < 0x20 && strchr("\t\n\r\f", one) == NULL) || one == 0x7f) {
            return false;
        }
    }
    return true;
}

FileKind file_kind_of(const void *bytes, size_t size) {
    if (STARTS(0, "\xff\xd8\xff")) {
        return FILE_JPEG;
    }
    if (STARTS(0, "\x89PNG\r\n\x1a\n")) {
        return FILE_PNG;
    }
    if (STARTS(0, "RIFF") && STARTS(8, "WEBP")) {
        return FILE_WEBP;
    }
    if (STARTS(0, "%PDF-")) {
        return FILE_PDF;
    }
    if (STARTS(4, "ftyp") && size >= 12) {
        return box_kind((const char *)bytes + 8);
    }
    return is_text(bytes, size) ? FILE_TEXT : FILE_NONE;
}
