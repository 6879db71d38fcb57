/* Folders of our own making. Thread: any. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Removes the file or folder with everything in it; links are removed, never followed. False:
 * something could not be, and errno says why; the rest may be gone. */
bool folder_remove(const char *path);
