/* Shared by device_intake*.c and point_intake.c. */
#pragma once

#include "sensing/device_intake.h"
#include "sensing/device_intake_store.h"

/* Something is written in the cell. */
static inline bool row_tells(const char *text) {
    return text != NULL && text[0] != '\0';
}

/* "gb26875" for NULL, "", "GB/T 26875.3" …; NULL: there is no such protocol. Static. */
const char *device_row_protocol(const char *text);
/* The code as the register has it: an address without leading zeros. Into `texts` when it differs.
 */
const char *device_row_code(const char *protocol, const char *code, GStringChunk *texts);

/* Where a row says that its device stands; id 0: not told. */
typedef struct RowPlace {
    PlaceFound building, unit;
} RowPlace;
/* False and *error: the store failed. What is wrong with the row is in `result`. `now_building`: of
 * several buildings of one name, the one that the device is bound to is meant. */
bool device_row_place(Db *db,
                      const DeviceRow *row,
                      const IntakeContext *context,
                      int64_t now_building,
                      GStringChunk *texts,
                      RowPlace *ret_place,
                      IntakeResult *result,
                      GError **error);
