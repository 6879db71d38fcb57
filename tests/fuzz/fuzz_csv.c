#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || (size > 5 && data[1] == 'P' && data[2] == 'K')) {
        return 0;
    }
    /* The first byte chooses what a person may tell the reader. */
    static const char delimiters[] = {'\0', ',', ';', '\t'};
    TableOptions options = {.encoding = (TableEncoding)((data[0] >> 2) % 5),
                            .delimiter = delimiters[data[0] & 3]};
    fuzz_table(data + 1, size - 1, &options);
    return 0;
}
