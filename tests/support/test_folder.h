/* Folders that tests have made. Linked to every unit test. */
#pragma once

/* Removes the folder with everything in it; ends the test program with a message when that fails.
 */
void test_folder_remove(const char *path);
