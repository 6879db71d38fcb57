/* Scenes are the same for the same seed, and what they say is what the codec reads. */
#include "sensing/scene.h"

#include "base/clock.h"
#include "base/error.h"
#include "sensing/roster.h"
#include "test_db.h"

#include <string.h>

#define SECONDS_US(n) ((n)*CLOCK_SECOND_US)

static Scene *scene_of(unsigned devices, unsigned kinds, double rate, int64_t seconds) {
    return scene_new(&(SceneOptions){.roster = scene_roster(7, 0, devices),
                                     .seed = 7,
                                     .kinds = kinds,
                                     .rate = rate,
                                     .duration_us = SECONDS_US(seconds),
                                     .begin_us = INT64_C(1795000000000000)});
}

/* One line for each event, as bytes of its frame. */
static char *played(Scene *scene, int64_t seconds) {
    g_autoptr(GString) text = g_string_new(NULL);
    SceneEvent event;
    while (scene_next(scene, SECONDS_US(seconds), &event)) {
        uint8_t bytes[GB26875_FRAME_MAX];
        Gb26875Head head = {.main_version = 1, .command = GB26875_SEND};
        size_t size = event.act != SCENE_SEND ? 0
                                              : gb26875_encode_objects(gb26875_profile(NULL),
                                                                       &head,
                                                                       event.type,
                                                                       NULL,
                                                                       &event.object,
                                                                       1,
                                                                       bytes,
                                                                       sizeof bytes);
        g_assert_true(event.act != SCENE_SEND || size > 0);
        g_string_append_printf(
            text, "%" G_GINT64_FORMAT " %u %d ", event.at_us, event.device, event.act);
        for (size_t i = 0; i < size; i++) {
            g_string_append_printf(text, "%02x", bytes[i]);
        }
        g_string_append_c(text, '\n');
    }
    return g_strdup(text->str);
}

static void test_same_seed(void) {
    const unsigned all = SCENE_FIRE | SCENE_POWER_CUT | SCENE_FAULT_STORM | SCENE_FLAPPING |
                         SCENE_WRONG_CLOCKS | SCENE_HALF_OPEN;
    g_autoptr(Scene) one = scene_of(120, all, 50, 60);
    g_autoptr(Scene) two = scene_of(120, all, 50, 60);
    g_autofree char *first = played(one, 61);
    g_autofree char *second = played(two, 61);
    g_assert_cmpstr(first, ==, second);
    g_assert_cmpint(strlen(first), >, 100000);
    /* The order is that of time. */
    g_auto(GStrv) lines = g_strsplit(first, "\n", -1);
    for (guint i = 1; lines[i][0] != '\0'; i++) {
        g_assert_cmpint(g_ascii_strtoll(lines[i - 1], NULL, 10),
                        <=,
                        g_ascii_strtoll(lines[i], NULL, 10));
    }
}

/* How many frames tell this bit of a component. */
static unsigned told(Scene *scene, int64_t seconds, uint16_t bit) {
    unsigned count = 0;
    SceneEvent event;
    while (scene_next(scene, SECONDS_US(seconds), &event)) {
        bool is_state = event.act == SCENE_SEND && event.type == GB26875_COMPONENT_STATE;
        count += is_state && (event.object.state & bit) != 0 ? 1 : 0;
    }
    return count;
}

static void test_fire(void) {
    g_autoptr(Scene) calm = scene_of(40, SCENE_NORMAL, 1, 60);
    g_autoptr(Scene) fire = scene_of(40, SCENE_FIRE, 1, 60);
    g_assert_cmpint(told(calm, 60, GB26875_BIT_FIRE), ==, 0);
    g_assert_cmpint(told(fire, 45, GB26875_BIT_FIRE), >=, 3);
    g_assert_cmpint(told(fire, 61, GB26875_BIT_FEEDBACK), ==, 0); /* all is over by then */
}

static void test_half_open_says_nothing(void) {
    g_autoptr(Scene) scene = scene_of(1, SCENE_HALF_OPEN, 10, 10);
    bool is_silent = false;
    SceneEvent event;
    while (scene_next(scene, SECONDS_US(10), &event)) {
        g_assert_false(is_silent);
        is_silent = event.act == SCENE_SILENT;
    }
    g_assert_true(is_silent);
    g_assert_cmpint(scene_due_us(scene), >, SECONDS_US(10));
}

static void test_clocks(void) {
    g_autoptr(Scene) right = scene_of(3, SCENE_NORMAL, 0, 10);
    g_autoptr(Scene) wrong = scene_of(3, SCENE_WRONG_CLOCKS, 0, 10);
    for (unsigned i = 0; i < 3; i++) {
        int64_t off_us = scene_clock_us(wrong, i, 0) - scene_clock_us(right, i, 0);
        g_assert_cmpint(ABS(off_us), >=, CLOCK_DAY_US);
    }
}

static void test_script(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Scene) scene = scene_of(2, SCENE_NORMAL, 0, 60);
    SceneEvent event;
    g_assert_true(scene_script(scene,
                               "# a morning\n"
                               "2 2 8 fire\n"
                               "1.5 1 1 value -120\n"
                               "3 2 8 fire off\n"
                               "3 1 - main-power on\n"
                               "4 1 - cut\n",
                               &error));
    g_assert_no_error(error);
    g_assert_false(scene_next(scene, SECONDS_US(1), &event));
    g_assert_true(scene_next(scene, SECONDS_US(9), &event));
    g_assert_cmpint(event.at_us, ==, 1500000);
    g_assert_cmpint(event.object.value, ==, -120);
    g_assert_true(scene_next(scene, SECONDS_US(9), &event));
    g_assert_cmpint(event.device, ==, 1);
    g_assert_cmpint(event.object.state, ==, GB26875_BIT_NORMAL | GB26875_BIT_FIRE);
    g_assert_true(scene_next(scene, SECONDS_US(9), &event));
    g_assert_cmpint(event.object.state, ==, GB26875_BIT_NORMAL);
    g_assert_true(scene_next(scene, SECONDS_US(9), &event));
    g_assert_cmpint(event.type, ==, GB26875_DEVICE_STATE);
    g_assert_cmpint(event.object.state, ==, GB26875_BIT_NORMAL | GB26875_BIT_DEVICE_POWER);
    g_assert_true(scene_next(scene, SECONDS_US(9), &event));
    g_assert_cmpint(event.act, ==, SCENE_CUT);
    g_assert_false(scene_next(scene, SECONDS_US(90), &event));

    static const char *const wrong[] = {"1 3 1 fire", "1 1 99 fire", "x 1 1 fire", "1 1 - shield",
                                        "1 1 1 value", "1 1 1 value 40000", "1 1 1 fire maybe",
                                        "1 1 1 cut", "1 1 1", "1 1 1 fire on on", "-1 1 1 fire"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) refused = NULL;
        g_autofree char *text = g_strdup_printf("1 1 - line on\n%s\n", wrong[i]);
        g_assert_false(scene_script(scene, text, &refused));
        g_assert_error(refused, HZ_ERROR, HZ_ERROR_INVALID);
        g_assert_nonnull(strstr(refused->message, "line 2"));
    }
}

/* What was registered is what is played; a device that is there stays as it is. */
static void test_roster(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) made = scene_roster(3, 5, 2);
    const RosterPlace place = {"装置（演示）", 0, "", 0, "控制室", "维保（演示）", ""};
    for (unsigned round = 0; round < 2; round++) {
        for (guint i = 0; i < made->len; i++) {
            bool added = false;
            g_assert_true(roster_add(
                db, &place, &g_array_index(made, SceneDevice, i), 1, &added, &error));
            g_assert_no_error(error);
            g_assert_true(added == (round == 0));
        }
    }
    /* Somebody's real device is never played. */
    test_db_exec(db, "UPDATE device SET code = '91234' WHERE code = $1",
                 db_text("91641717194758"));
    g_autoptr(GArray) loaded = roster_load(db, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(loaded->len, ==, 1);
    const SceneDevice *was = &g_array_index(made, SceneDevice, 1);
    const SceneDevice *now = &g_array_index(loaded, SceneDevice, 0);
    g_assert_true(was->address == now->address);
    g_assert_cmpint(was->points->len, ==, now->points->len);
    for (guint i = 0; i < was->points->len; i++) {
        g_assert_cmpmem(&g_array_index(was->points, ScenePoint, i),
                        sizeof(ScenePoint),
                        &g_array_index(now->points, ScenePoint, i),
                        sizeof(ScenePoint));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scene/the-same-for-the-same-seed", test_same_seed);
    g_test_add_func("/scene/a-fire-spreads-and-ends", test_fire);
    g_test_add_func("/scene/half-open-says-nothing-more", test_half_open_says_nothing);
    g_test_add_func("/scene/wrong-clocks-are-days-off", test_clocks);
    g_test_add_func("/scene/plays-a-script", test_script);
    test_db_add("/scene/plays-what-is-registered", test_roster);
    return g_test_run();
}
