/* Runs of verify; see look.h. */
#include "lib/look.h"

static void note(void *context, const struct finding *finding)
{
    struct found_list *list = context;

    list->by_kind[finding->kind]++;
    list->last = *finding;
    list->n++;
}

struct found_list look_at_books(struct test_db *test, struct arena *arena, struct verify_report *ret_report)
{
    struct found_list list = {0};
    const struct verify verify = {
        .db = test->db, .threads = 2, .recheck_max = 1, .problems = stderr, .tell = note, .context = &list};

    assert_int_equal(verify_run(&verify, arena, ret_report), 0);
    return list;
}

void expect_books_agree(struct test_db *test)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct found_list list = look_at_books(test, arena, &report);

    if (list.n > 0)
        fail_msg("%zu findings, the last is %s: %s", list.n, finding_info(list.last.kind)->name, list.last.what);
}
