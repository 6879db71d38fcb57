#include "casework/exif_facts.h"

#include <glib.h>
#include <libexif/exif-data.h>
#include <math.h>
#include <string.h>

#define MARK_EXIF 0xe1
#define MARK_SCAN 0xda
#define MARK_END 0xd9
static const char exif_head[] = "Exif\0"; /* with the NUL that ends the literal: six bytes */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExifData, exif_data_unref)

/* The EXIF segment, at most 64 KiB: libexif gets nothing else of the file. NULL: there is none. */
static const uint8_t *find_segment(const uint8_t *jpeg, size_t size, size_t *ret_size) {
    size_t at = 2;
    while (at + 4 <= size && jpeg[at] == 0xff) {
        uint8_t mark = jpeg[at + 1];
        if (mark == 0xff) { /* padding */
            at++;
            continue;
        }
        size_t length = (size_t)jpeg[at + 2] << 8 | jpeg[at + 3];
        if (mark == MARK_SCAN || mark == MARK_END || length < 2 || length > size - at - 2) {
            return NULL;
        }
        const uint8_t *payload = jpeg + at + 4;
        if (mark == MARK_EXIF && length - 2 >= sizeof exif_head &&
            memcmp(payload, exif_head, sizeof exif_head) == 0) {
            *ret_size = length - 2;
            return payload;
        }
        at += 2 + length;
    }
    return NULL;
}

/* Words of the file are shown to people: valid UTF-8, nothing that steers a screen. */
static void take_words(const ExifEntry *entry, char *words, size_t room) {
    words[0] = '\0';
    if (entry == NULL || entry->data == NULL || entry->format != EXIF_FORMAT_ASCII) {
        return;
    }
    g_autofree char *raw = g_strndup((const char *)entry->data, entry->size);
    g_autofree char *valid = g_utf8_make_valid(raw, -1);
    size_t used = 0;
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        size_t length = (size_t)(g_utf8_next_char(at) - at);
        if (used + length >= room) {
            break;
        }
        if (g_unichar_isprint(g_utf8_get_char(at))) {
            memcpy(words + used, at, length);
            used += length;
        }
    }
    words[used] = '\0';
    g_strstrip(words);
}

static ExifEntry *entry_of(const ExifData *data, ExifIfd ifd, ExifTag tag) {
    return exif_content_get_entry(data->ifd[ifd], tag);
}

/* "2026:11:20 14:22:03" */
static void take_time(const ExifData *data, ExifFacts *facts) {
    static const char shape[] = "dddd:dd:dd dd:dd:dd";
    static const struct {
        ExifIfd ifd;
        ExifTag tag;
    } places[] = {{EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL},
                  {EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_DIGITIZED},
                  {EXIF_IFD_0, EXIF_TAG_DATE_TIME}};
    for (size_t i = 0; i < G_N_ELEMENTS(places) && facts->taken[0] == '\0'; i++) {
        char words[sizeof facts->taken] = {0};
        take_words(entry_of(data, places[i].ifd, places[i].tag), words, sizeof words);
        bool good = strlen(words) == sizeof shape - 1 && strncmp(words, "0000", 4) != 0;
        for (size_t c = 0; good && shape[c] != '\0'; c++) {
            good = shape[c] == 'd' ? g_ascii_isdigit(words[c]) : words[c] == shape[c];
        }
        if (good) {
            words[4] = words[7] = '-';
            memcpy(facts->taken, words, sizeof facts->taken);
        }
    }
}

/* Three rationals: degrees, minutes, seconds. */
static bool read_degrees(const ExifEntry *entry, ExifByteOrder order, double max, double *ret) {
    double parts[3];
    if (entry == NULL || entry->data == NULL || entry->format != EXIF_FORMAT_RATIONAL ||
        entry->components != G_N_ELEMENTS(parts) || entry->size < sizeof(ExifRational) * 3) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        ExifRational part = exif_get_rational(entry->data + i * 8, order);
        if (part.denominator == 0) {
            return false;
        }
        parts[i] = (double)part.numerator / (double)part.denominator;
    }
    *ret = parts[0] + parts[1] / 60 + parts[2] / 3600;
    return parts[1] < 60 && parts[2] <= 60 && *ret <= max;
}

static void take_place(const ExifData *data, ExifByteOrder order, ExifFacts *facts) {
    double latitude = 0;
    double longitude = 0;
    char north[4];
    char east[4];
    take_words(entry_of(data, EXIF_IFD_GPS, EXIF_TAG_GPS_LATITUDE_REF), north, sizeof north);
    take_words(entry_of(data, EXIF_IFD_GPS, EXIF_TAG_GPS_LONGITUDE_REF), east, sizeof east);
    bool good =
        read_degrees(entry_of(data, EXIF_IFD_GPS, EXIF_TAG_GPS_LATITUDE), order, 90, &latitude) &&
        read_degrees(
            entry_of(data, EXIF_IFD_GPS, EXIF_TAG_GPS_LONGITUDE), order, 180, &longitude) &&
        (strcmp(north, "N") == 0 || strcmp(north, "S") == 0) &&
        (strcmp(east, "E") == 0 || strcmp(east, "W") == 0);
    /* devices without a fix write zeros */
    if (good && (latitude != 0 || longitude != 0)) {
        facts->has_place = true;
        facts->latitude = north[0] == 'S' ? -latitude : latitude;
        facts->longitude = east[0] == 'W' ? -longitude : longitude;
    }
}

static void take_device(const ExifData *data, ExifFacts *facts) {
    char maker[40];
    char model[48];
    take_words(entry_of(data, EXIF_IFD_0, EXIF_TAG_MAKE), maker, sizeof maker);
    take_words(entry_of(data, EXIF_IFD_0, EXIF_TAG_MODEL), model, sizeof model);
    bool repeats = g_str_has_prefix(model, maker); /* "Canon" "Canon EOS 5D" */
    g_snprintf(facts->device,
               sizeof facts->device,
               "%s%s%s",
               repeats ? "" : maker,
               repeats || maker[0] == '\0' || model[0] == '\0' ? "" : " ",
               model);
}

void exif_facts_read(const void *jpeg, size_t size, ExifFacts *ret_facts) {
    size_t length = 0;
    *ret_facts = (ExifFacts){.orientation = 1};
    const uint8_t *segment = find_segment(jpeg, size, &length);
    g_autoptr(ExifData) data = segment == NULL ? NULL : exif_data_new();
    if (data == NULL) {
        return;
    }
    /* as it stands in the file: nothing is corrected, nothing is added */
    exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_set_option(data, EXIF_DATA_OPTION_DONT_CHANGE_MAKER_NOTE);
    exif_data_load_data(data, segment, (unsigned)length);
    ExifByteOrder order = exif_data_get_byte_order(data);
    take_time(data, ret_facts);
    take_place(data, order, ret_facts);
    take_device(data, ret_facts);
    const ExifEntry *turned = entry_of(data, EXIF_IFD_0, EXIF_TAG_ORIENTATION);
    if (turned != NULL && turned->data != NULL && turned->format == EXIF_FORMAT_SHORT &&
        turned->size >= 2) {
        int orientation = exif_get_short(turned->data, order);
        ret_facts->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
}
