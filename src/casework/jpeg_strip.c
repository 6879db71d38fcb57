#include "casework/jpeg_strip.h"

#include "base/error.h"

#include <stdint.h>
#include <stdio.h> /* jpeglib.h wants FILE and does not say so */

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <string.h>

#define OUT_ROOM 65536
#define SCANS_MAX 200 /* real progressive photos have about ten; each is a pass over it all */

/* Everything lives here, on the heap, so that a jump loses nothing and spoils no local variable. */
typedef struct Work {
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_destination_mgr target;
    jmp_buf back;
    GByteArray *bytes;
    JOCTET room[OUT_ROOM];
    char message[JMSG_LENGTH_MAX];
    bool is_too_large, has_holes;
} Work;

/* --- errors -------------------------------------------------------------------------------------
 */

static Work *work_of(j_common_ptr info) {
    return info->client_data;
}

static G_NORETURN void on_error(j_common_ptr info) {
    Work *work = work_of(info);
    work->is_too_large =
        info->err->msg_code == JERR_OUT_OF_MEMORY || info->err->msg_code == JERR_NO_BACKING_STORE;
    info->err->format_message(info, work->message);
    longjmp(work->back, 1);
}

/* Some warnings tell of a hole in the picture, which libjpeg would fill with grey; others are
 * habits of devices. */
static void on_message(j_common_ptr info, int level) {
    switch (level < 0 ? info->err->msg_code : JMSG_NOMESSAGE) {
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
        work_of(info)->has_holes = true;
        break;
    default:
        break;
    }
}

static void on_progress(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > SCANS_MAX) {
        ERREXIT(info, JERR_BAD_PROGRESSION);
    }
}

/* --- where the copy goes ------------------------------------------------------------------------
 */

static void target_begin(j_compress_ptr out) {
    Work *work = out->client_data;
    work->target.next_output_byte = work->room;
    work->target.free_in_buffer = sizeof work->room;
}

static boolean target_full(j_compress_ptr out) {
    Work *work = out->client_data;
    g_byte_array_append(work->bytes, work->room, sizeof work->room);
    target_begin(out);
    return TRUE;
}

static void target_end(j_compress_ptr out) {
    Work *work = out->client_data;
    size_t used = sizeof work->room - work->target.free_in_buffer;
    g_byte_array_append(work->bytes, work->room, (guint)used);
}

/* --- copying ------------------------------------------------------------------------------------
 */

/* EXIF with one entry, orientation, and nothing else. */
static void write_orientation(j_compress_ptr out, int orientation) {
    JOCTET segment[] = {'E',  'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01,
                        0x12, 0,   3,   0,   0, 0, 1,   0,   0, 0,  0, 0, 0, 0, 0, 0};
    segment[25] = (JOCTET)orientation;
    jpeg_write_marker(out, JPEG_APP0 + 1, segment, sizeof segment);
}

static void copy(Work *work, const void *jpeg, size_t size, int orientation, size_t memory_max) {
    jpeg_create_decompress(&work->in);
    work->in.mem->max_memory_to_use = (long)memory_max;
    work->in.progress = &work->progress;
    jpeg_mem_src(&work->in, jpeg, (unsigned long)size);
    (void)jpeg_read_header(&work->in, TRUE);
    if (work->in.arith_code) { /* no browser shows it */
        ERREXIT(&work->in, JERR_CONVERSION_NOTIMPL);
    }
    jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&work->in);
    jpeg_create_compress(&work->out);
    work->out.dest = &work->target;
    jpeg_copy_critical_parameters(&work->in, &work->out);
    work->out.optimize_coding = TRUE;
    if (work->in.progressive_mode) {
        jpeg_simple_progression(&work->out);
    }
    jpeg_write_coefficients(&work->out, coefficients);
    if (orientation > 1) {
        write_orientation(&work->out, orientation);
    }
    jpeg_finish_compress(&work->out);
    (void)jpeg_finish_decompress(&work->in);
}

/* The only place that an error of libjpeg comes back to. */
static bool run(Work *work, const void *jpeg, size_t size, int orientation, size_t memory_max) {
    if (setjmp(work->back) != 0) {
        return false;
    }
    copy(work, jpeg, size, orientation, memory_max);
    return true;
}

GBytes *
jpeg_strip(const void *jpeg, size_t size, int orientation, size_t memory_max, GError **error) {
    g_autofree Work *work = g_new0(Work, 1);
    work->bytes = g_byte_array_new();
    work->in.err = work->out.err = jpeg_std_error(&work->errors);
    work->in.client_data = work->out.client_data = work;
    work->errors.error_exit = on_error;
    work->errors.emit_message = on_message;
    work->progress.progress_monitor = on_progress;
    work->target.init_destination = target_begin;
    work->target.empty_output_buffer = target_full;
    work->target.term_destination = target_end;
    bool good = run(work, jpeg, size, orientation, memory_max) && !work->has_holes;
    /* also right for a struct that was never created: it is zero then */
    jpeg_destroy_compress(&work->out);
    jpeg_destroy_decompress(&work->in);
    GBytes *bytes = g_byte_array_free_to_bytes(work->bytes);
    if (good) {
        return bytes;
    }
    g_bytes_unref(bytes);
    hz_fail(error,
            work->is_too_large ? HZ_ERROR_LIMIT : HZ_ERROR_INVALID,
            "the picture cannot be copied: %s",
            work->message[0] != '\0' ? work->message : "it is not whole");
    return NULL;
}
