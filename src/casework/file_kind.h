/* What a file is by its bytes, never by its name: only these kinds become evidence. Pure. Thread:
 * any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum FileKind {
    FILE_JPEG,
    FILE_PNG,
    FILE_WEBP,
    FILE_PDF,
    FILE_MP4,  /* MP4 and its relatives: 3GP, M4A */
    FILE_MOV,  /* QuickTime, as iPhones record it */
    FILE_TEXT, /* plain UTF-8 */
    FILE_NONE  /* nothing that we take */
} FileKind;

/* What follows from the kind. */
typedef struct FileKindInfo {
    const char *word; /* as stored: "jpeg" */
    const char *mime;
    const char *name_zh;
    const char *const *endings; /* of a saved file's name, the usual one first; ends with NULL */
    bool is_image;              /* a browser shows it in <img> */
    bool is_shown;              /* may open in the browser (sandboxed); others are only saved */
    bool is_strippable; /* what it says about place and device can be taken out: see jpeg_strip.h */
} FileKindInfo;

FileKind file_kind_of(const void *bytes, size_t size);
const FileKindInfo *file_kind_info(FileKind kind);
/* FILE_NONE for an unknown word. */
FileKind file_kind_from_word(const char *word);
/* Under which name to save it: an ending that would make something else of it gets the right one
 * behind it ("a.html.txt"). Caller frees. */
char *file_kind_save_name(FileKind kind, const char *name);
/* For <input accept>: the mimes, comma between. */
const char *file_kind_accept(void);
/* "JPEG、PNG、WebP 图片，PDF，…": what people are told. */
const char *file_kinds_zh(void);
