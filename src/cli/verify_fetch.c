#include "cli/verify_fetch.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/limits.h"
#include "draw/draw.h"
#include "ledger/checkpoint.h"
#include "ledger/http_client.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Room for a city's log and its largest draw; who needs more has the exported folder. */
#define ALL_MAX (INT64_C(16) * 1024 * MIB)
#define FILES_MAX INT64_C(1000000)
#define ENTRIES_MAX INT64_C(50000000) /* 3 GB of hashes while it is checked */
#define WHOLE_S (INT64_C(6) * 3600)
#define TABLE_MAX (INT64_C(2) * 1024 * MIB) /* pool.tsv of ten million lines has 0.7 GB */
#define FILE_MAX (INT64_C(256) * MIB)       /* the history of one object */
#define SMALL_MAX (INT64_C(1) * MIB)        /* heads, keys, policies, tiles */
#define BUNDLE_MAX (INT64_C(17) * MIB)      /* 256 entries of 64 KiB */
#define TRIES 5                             /* the log may be signed between two requests */

/* --- a folder that goes away --------------------------------------------------------------------
 */

static volatile sig_atomic_t is_stopped;

static void stop(int number G_GNUC_UNUSED) {
    is_stopped = 1;
}

/* The first Ctrl-C ends the fetching, so that the folder is removed; a second one ends all. */
static void listen_for_stop(void) {
    const struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void fetched_clear(Fetched *fetched) {
    if (fetched->folder != NULL) {
        (void)folder_remove(
            fetched->folder); /* what is left lies where temporary files are swept */
    }
    g_clear_pointer(&fetched->folder, g_free);
    g_clear_pointer(&fetched->path, g_free);
    g_clear_pointer(&fetched->address, g_free);
    g_clear_pointer(&fetched->keys, g_array_unref);
}

/* --- files --------------------------------------------------------------------------------------
 */

/* One reading: what lies below `base` goes below `folder` under the same names. */
typedef struct Reading {
    HttpReader *reader;
    const char *base;
    const char *folder;
    int64_t done, total; /* files; total 0: not known yet */
    int64_t told_us;
} Reading;

static void tell(Reading *reading) {
    int64_t now_us = g_get_monotonic_time();
    if (isatty(STDERR_FILENO) == 0 || now_us - reading->told_us < CLOCK_SECOND_US) {
        return;
    }
    reading->told_us = now_us;
    fprintf(stderr,
            "已取 %" G_GINT64_FORMAT " 个文件 / %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
            " files, %" G_GINT64_FORMAT " MB\n",
            reading->done,
            reading->done,
            MAX(reading->total, reading->done),
            http_reader_bytes(reading->reader) / (1000 * 1000));
}

/* Fetches `url` to `path`; a file that the server does not have is not there afterwards. */
static bool fetch_to(Reading *reading,
                     const char *url,
                     const char *path,
                     int64_t size_max,
                     bool *ret_found,
                     GError **error) {
    g_autofree char *parent = g_path_get_dirname(path);
    long status = 0;
    FILE *file = g_mkdir_with_parents(parent, 0700) == 0 ? fopen(path, "wb") : NULL;
    if (file == NULL) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write %s: %s", path, g_strerror(errno));
    }
    bool is_fetched = http_reader_get(reading->reader, url, file, size_max, &status, error);
    if (fclose(file) != 0 && is_fetched) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write %s: %s", path, g_strerror(errno));
    }
    if (!is_fetched) {
        return false;
    }
    reading->done++;
    tell(reading);
    *ret_found = status == 200;
    if (*ret_found) {
        return true;
    }
    (void)g_unlink(path);
    return status == 404 || status == 410 ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s: the server answers %ld", url, status);
}

static bool
fetch(Reading *reading, const char *name, int64_t size_max, bool *ret_found, GError **error) {
    g_autofree char *url = g_strconcat(reading->base, name, NULL);
    g_autofree char *path = g_build_filename(reading->folder, name, NULL);
    return fetch_to(reading, url, path, size_max, ret_found, error);
}

/* --- a log --------------------------------------------------------------------------------------
 */

/* What a fetched head says; -1: it is not there or no head, and the verdict will say so. */
static int64_t size_of_head(const Reading *reading, const char *name) {
    g_autofree char *path = g_build_filename(reading->folder, name, NULL);
    g_autofree char *text = NULL;
    gsize size = 0;
    g_auto(Note) note = {0};
    Checkpoint checkpoint;
    return g_file_get_contents(path, &text, &size, NULL) &&
                   checkpoint_open(text, size, &note, &checkpoint, NULL)
               ? checkpoint.size
               : -1;
}

/* Both heads of one size. *ret_found: there is a log. */
static bool fetch_heads(Reading *reading, int64_t *ret_size, bool *ret_found, GError **error) {
    for (int i = 0; i < TRIES; i++) {
        bool has_other = false;
        if (!fetch(reading, "checkpoint", SMALL_MAX, ret_found, error) ||
            (*ret_found && !fetch(reading, "sm3/checkpoint", SMALL_MAX, &has_other, error))) {
            return false;
        }
        *ret_size = *ret_found ? size_of_head(reading, "checkpoint") : -1;
        if (!has_other || *ret_size < 0 || size_of_head(reading, "sm3/checkpoint") == *ret_size) {
            break;
        }
    }
    return *ret_size <= ENTRIES_MAX ||
           hz_fail(error,
                   HZ_ERROR_LIMIT,
                   "%s: %" G_GINT64_FORMAT " entries are too many to be fetched one by one; ask "
                   "for an exported copy",
                   reading->base,
                   *ret_size);
}

/* All tiles of a level, of one tree. A missing one is for the verdict. */
static bool
fetch_level(Reading *reading, const char *prefix, int level, int64_t size, GError **error) {
    TilePath tile = {.level = level};
    for (;; tile.index++) {
        bool is_found = false;
        tile.width = tile_width(size, level, tile.index);
        if (tile.width == 0) {
            return true;
        }
        g_autofree char *path = tile_path_format(&tile);
        g_autofree char *name = g_strconcat(prefix, path, NULL);
        if (!fetch(
                reading, name, level == TILE_ENTRIES ? BUNDLE_MAX : SMALL_MAX, &is_found, error)) {
            return false;
        }
    }
}

static bool fetch_tiles(Reading *reading, int64_t size, GError **error) {
    int64_t bundles = (size + TILE_WIDTH - 1) / TILE_WIDTH;
    reading->total = reading->done + 3 * bundles;
    if (!fetch_level(reading, "", TILE_ENTRIES, size, error)) {
        return false;
    }
    for (int level = 0; level < TILE_LEVELS; level++) {
        if (!fetch_level(reading, "", level, size, error) ||
            !fetch_level(reading, "sm3/", level, size, error)) {
            return false;
        }
    }
    return true;
}

static bool fetch_log(Reading *reading, bool *ret_found, GError **error) {
    int64_t size = -1;
    bool is_found = false;
    return fetch_heads(reading, &size, ret_found, error) &&
           (!*ret_found || (fetch(reading, "keys.txt", SMALL_MAX, &is_found, error) &&
                            fetch(reading, "policy.txt", SMALL_MAX, &is_found, error) &&
                            fetch_tiles(reading, MAX(size, 0), error)));
}

/* --- a draw -------------------------------------------------------------------------------------
 */

/* Whatever of it is public. *ret_found: at least what was committed. */
static bool fetch_draw(Reading *reading, bool *ret_found, GError **error) {
    bool is_found = false;
    *ret_found = false;
    for (const char *const *name = draw_file_names; *name != NULL; name++) {
        if (!fetch(reading, *name, TABLE_MAX, &is_found, error)) {
            return false;
        }
        *ret_found |= is_found && strcmp(*name, "commit.txt") == 0;
    }
    for (const char *const *name = draw_proof_names; *ret_found && *name != NULL; name++) {
        if (!fetch(reading, *name, SMALL_MAX, &is_found, error)) {
            return false;
        }
    }
    return true;
}

/* --- addresses ----------------------------------------------------------------------------------
 */

bool verify_is_address(const char *text) {
    return g_ascii_strncasecmp(text, "http://", strlen("http://")) == 0 ||
           g_ascii_strncasecmp(text, "https://", strlen("https://")) == 0;
}

/* The same server, another path; caller frees. */
static char *address_of(GUri *uri, const char *path, const char *query) {
    return g_uri_join(G_URI_FLAGS_ENCODED,
                      g_uri_get_scheme(uri),
                      NULL,
                      g_uri_get_host(uri),
                      g_uri_get_port(uri),
                      path,
                      query,
                      NULL);
}

/* "…/draws/12", also with something behind it: "…/draws/12/files/"; NULL: no draw. Caller frees. */
static char *draw_files_path(const char *path) {
    const char *at = strstr(path, "/draws/");
    size_t digits = at != NULL ? strspn(at + strlen("/draws/"), "0123456789") : 0;
    const char *end = at != NULL ? at + strlen("/draws/") + digits : NULL;
    if (digits == 0 || (*end != '\0' && *end != '/')) {
        return NULL;
    }
    g_autofree char *draw = g_strndup(path, (gsize)(end - path));
    return g_strconcat(draw, "/files/", NULL);
}

/* Folders end in a slash: "/log", "/log/checkpoint" and "" mean "/log/". NULL: one file. Caller
 * frees. */
static char *folder_path(const char *path) {
    if (path[0] == '\0' || strcmp(path, "/") == 0) {
        return g_strdup("/log/");
    }
    if (g_str_has_suffix(path, "/log")) {
        return g_strconcat(path, "/", NULL);
    }
    if (g_str_has_suffix(path, "/checkpoint")) {
        return g_strndup(path, strlen(path) - strlen("checkpoint"));
    }
    return g_str_has_suffix(path, "/") ? g_strdup(path) : NULL;
}

/* The keys that the same server names as its log's; to have none is fine. */
static void fetch_keys(Reading *reading, GUri *uri, Fetched *fetched) {
    g_autofree char *url = address_of(uri, "/log/keys.txt", NULL);
    g_autofree char *path = g_build_filename(fetched->folder, "keys.txt", NULL);
    g_autofree char *text = NULL;
    bool is_found = false;
    if (!fetch_to(reading, url, path, SMALL_MAX, &is_found, NULL) || !is_found ||
        !g_file_get_contents(path, &text, NULL, NULL)) {
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        NoteKey key;
        if (note_key_parse(*line, &key, NULL)) {
            g_array_append_val(fetched->keys, key);
        }
    }
}

/* A log, unless the address says that it is a draw; else a draw. */
static bool
fetch_folder(Reading *reading, GUri *uri, bool is_draw, Fetched *fetched, GError **error) {
    bool is_found = false;
    fetched->path = g_build_filename(fetched->folder, "files", NULL);
    reading->folder = fetched->path;
    if (!is_draw && !fetch_log(reading, &is_found, error)) {
        return false;
    }
    if (is_found) {
        return true;
    }
    if (!fetch_draw(reading, &is_found, error)) {
        return false;
    }
    if (!is_found) {
        return hz_fail(error,
                       HZ_ERROR_NOT_FOUND,
                       "%s: neither a log nor the files of a draw are there",
                       reading->base);
    }
    fetch_keys(reading, uri, fetched);
    return true;
}

static bool
fetch_file(Reading *reading, GUri *uri, const char *url, Fetched *fetched, GError **error) {
    bool is_found = false;
    fetched->path = g_build_filename(fetched->folder, "file", NULL);
    if (!fetch_to(reading, url, fetched->path, FILE_MAX, &is_found, error)) {
        return false;
    }
    if (!is_found) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "%s: there is nothing", url);
    }
    fetch_keys(reading, uri, fetched);
    return true;
}

/* NULL: it cannot be asked, or has a password in it, which would stand in every message. */
static GUri *read_address(const char *url, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, &problem);
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    if (host == NULL || host[0] == '\0') {
        hz_fail(error,
                HZ_ERROR_INVALID,
                "\"%s\" is no address: %s",
                url,
                problem != NULL ? problem->message : "it names no server");
        return NULL;
    }
    if (g_uri_get_userinfo(uri) != NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "an address without name and password is needed");
        return NULL;
    }
    return g_steal_pointer(&uri);
}

bool verify_fetch(const char *url, Fetched *ret_fetched, GError **error) {
    const HttpLimits limits = {ALL_MAX, FILES_MAX, WHOLE_S, &is_stopped};
    g_autoptr(GError) problem = NULL;
    g_auto(Fetched)
        fetched = {.address = g_strdup(url), .keys = g_array_new(FALSE, FALSE, sizeof(NoteKey))};
    g_autoptr(GUri) uri = read_address(url, error);
    if (uri == NULL) {
        return false;
    }
    listen_for_stop();
    fetched.folder = g_dir_make_tmp("huozheng-verify-XXXXXX", &problem);
    if (fetched.folder == NULL) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
    }
    g_autoptr(HttpReader) reader = http_reader_new(&limits);
    g_autofree char *draw = draw_files_path(g_uri_get_path(uri));
    g_autofree char *folder = draw != NULL ? g_strdup(draw) : folder_path(g_uri_get_path(uri));
    g_autofree char *base = address_of(uri, folder != NULL ? folder : "/", NULL);
    g_autofree char *file = address_of(uri, g_uri_get_path(uri), g_uri_get_query(uri));
    Reading reading = {.reader = reader, .base = base};
    if (folder != NULL ? !fetch_folder(&reading, uri, draw != NULL, &fetched, error)
                       : !fetch_file(&reading, uri, file, &fetched, error)) {
        return false;
    }
    *ret_fetched = fetched;
    fetched = (Fetched){0};
    return true;
}
