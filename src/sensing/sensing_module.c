/* What the sensing room offers; the columns of the route table are its security review. */
#include "sensing/sensing.h"

const Module sensing_module = {
    .name = "sensing",
};
