/* Which stage of reading a seed a mistake belongs to. */
#include "base/error.h"
#include "draw/draw_files.h"

#include <string.h>

#define DRAW_NUMBER "D7"
#define PARTY "演示大学"
#define BEACON_KEY "beacon.01=dice10:20:2026-11-22T13:00:00.000Z\n"
#define BEACON_LINE "1\tdice10\t20\t0408010501060203040203010401050902060503\n"
#define SHARE "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"

typedef struct Files {
    const char *beacon, *reveals;
} Files;

static char *whole(void *from, const char *name, GError **error) {
    (void)error;
    const Files *files = from;
    return g_strdup(strcmp(name, "beacon.txt") == 0 ? files->beacon : files->reveals);
}

static char *party_key(void) {
    uint8_t share[DRAW_SHARE_SIZE];
    uint8_t commit[DIGEST_SIZE];
    g_assert_true(hex_parse(SHARE, share, sizeof share));
    draw_party_commit(DIGEST_SM3, DRAW_NUMBER, PARTY, share, commit);
    g_autofree char *hex = hex_format(commit, sizeof commit);
    return g_strdup_printf("party.01=" PARTY ":%s\n", hex);
}

/* `*ret_stage` is told, and it is told without an error, too. */
static void
check_stage(const char *commit_text, Files files, int64_t delta_s, DrawSeedStage wanted) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DrawKeyValues) commit = draw_keys_parse(commit_text, &error);
    g_assert_no_error(error);
    g_autoptr(DrawOutcome) outcome = g_new0(DrawOutcome, 1);
    g_autoptr(DrawOutcome) silent = g_new0(DrawOutcome, 1);
    outcome->kind = silent->kind = DIGEST_SM3;
    outcome->delta_s = silent->delta_s = delta_s;
    DrawSource source = {.whole = whole, .from = &files};
    DrawSeedStage stage = DRAW_SEED_NUMBER;
    bool is_taken = draw_seed_take(&source, commit_text, commit, outcome, &stage, &error);
    g_test_message("%s", error != NULL ? error->message : "taken");
    g_assert_cmpint(stage, ==, wanted);
    g_assert_true(is_taken == (wanted == DRAW_SEED_TAKEN));
    g_assert_true((error == NULL) == is_taken);
    stage = DRAW_SEED_TAKEN;
    g_assert_true(draw_seed_take(&source, commit_text, commit, silent, &stage, NULL) == is_taken);
    g_assert_cmpint(stage, ==, wanted);
    g_assert_true(draw_seed_take(&source, commit_text, commit, silent, NULL, NULL) == is_taken);
}

static void test_stages(void) {
    static const char reveals[] = "1\t" PARTY "\t" SHARE "\n";
    g_autofree char *party = party_key();
    g_autofree char *good = g_strconcat(BEACON_KEY, "draw=" DRAW_NUMBER "\n", party, NULL);
    g_autofree char *no_draw = g_strconcat(BEACON_KEY, party, NULL);
    g_autofree char *no_beacon = g_strconcat("draw=" DRAW_NUMBER "\n", party, NULL);
    g_autofree char *gap = g_strconcat(BEACON_KEY, "draw=" DRAW_NUMBER "\n", "party.02=", NULL);
    g_autofree char *bad_party = g_strconcat(gap, "x:" SHARE "\n", NULL);
    const Files files = {BEACON_LINE, reveals};
    check_stage(good, files, 600, DRAW_SEED_TAKEN);
    check_stage(good, (Files){BEACON_LINE, ""}, 600, DRAW_SEED_TAKEN); /* nobody gave a share */
    check_stage(no_draw, files, 600, DRAW_SEED_NUMBER);
    check_stage(no_beacon, files, 600, DRAW_SEED_BEACON);
    check_stage(good, (Files){"", reveals}, 600, DRAW_SEED_BEACON);
    check_stage(good, (Files){"1\tdice10\t20\tff\n", reveals}, 600, DRAW_SEED_BEACON);
    check_stage(bad_party, files, 600, DRAW_SEED_SHARES);
    check_stage(good, (Files){BEACON_LINE, "1\t" PARTY "\t" OTHER "\n"}, 600, DRAW_SEED_SHARES);
    check_stage(good, (Files){BEACON_LINE, "2\t" PARTY "\t" SHARE "\n"}, 600, DRAW_SEED_SHARES);
    check_stage(good, files, 599, DRAW_SEED_TIME);
    /* a name that looks like another file's does not mislead, and the beacon comes first */
    check_stage(bad_party, (Files){"party.reveals.txt\n", reveals}, 600, DRAW_SEED_BEACON);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draw/seed/a-mistake-belongs-to-one-stage", test_stages);
    return g_test_run();
}
