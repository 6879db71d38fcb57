#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size >= 4 && data[0] == 'P' && data[1] == 'K') {
        fuzz_table(data, size, &(TableOptions){0});
    }
    return 0;
}
