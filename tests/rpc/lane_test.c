/*
 * Steps and lanes without gRPC: batches, no loss, steps that outlive a start, stuck lanes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>

#include "fixture.h"
#include "rpc/lanes.h"

enum { ITEMS = 20000, POSTERS = 4 };

static _Atomic int n_run;
static _Atomic int largest;
static _Atomic int seen[ITEMS];

static void count_items(struct lane *lane, void **items, size_t n)
{
    assert_non_null(lane_arena(lane));
    for (size_t i = 0; i < n; i++)
        atomic_fetch_add((_Atomic int *)items[i], 1);
    if ((int)n > atomic_load(&largest))
        atomic_store(&largest, (int)n);
    atomic_fetch_add(&n_run, (int)n);
}

static struct step count_step = {
    .name = "test.count", .priority = PRIORITY_RECOVERY, .batch_max = 16, .run = count_items};

static void pause_ms(int ms)
{
    struct timespec pause = {.tv_nsec = ms * 1000000};

    nanosleep(&pause, NULL);
}

static void await_run(int n)
{
    for (int i = 0; atomic_load(&n_run) < n; i++) {
        if (i == RPC_WAIT_MS)
            fail_msg("only %d of %d items were run", atomic_load(&n_run), n);
        pause_ms(1);
    }
}

static void reset(void)
{
    n_run = largest = 0;
    for (int i = 0; i < ITEMS; i++)
        seen[i] = 0;
}

static void *post_items(void *context)
{
    int part = *(int *)context;

    for (int i = part; i < ITEMS; i += POSTERS)
        step_post(&count_step, (void *)(uintptr_t)&seen[i]);
    return NULL;
}

/* A step's queue has no limit: everything posted is run, once. */
static void every_item_is_run_once(void **state)
{
    struct conf conf = fixture_conf();
    pthread_t threads[POSTERS];
    int parts[POSTERS];

    (void)state;
    for (int round = 0; round < 2; round++) { /* the same step serves a second start */
        reset();
        struct lanes *lanes = lanes_start(&conf, NULL);
        for (int i = 0; i < POSTERS; i++) {
            parts[i] = i;
            assert_int_equal(pthread_create(&threads[i], NULL, post_items, &parts[i]), 0);
        }
        for (int i = 0; i < POSTERS; i++)
            pthread_join(threads[i], NULL);
        lanes_stop(lanes); /* works off what waits */
        lanes_free(lanes);
        for (int i = 0; i < ITEMS; i++)
            assert_int_equal(seen[i], 1);
        assert_in_range(largest, 1, 16);
    }
}

static void post_after_the_end_is_dropped(void **state)
{
    (void)state;
    reset();
    step_post(&count_step, (void *)(uintptr_t)&seen[0]);
    assert_int_equal(n_run, 0);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(struct lane *lane, void **items, size_t n)
{
    (void)lane;
    (void)items;
    atomic_fetch_add(&n_run, (int)n);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

static struct step gate_step = {.name = "test.gate", .priority = PRIORITY_SALE, .batch_max = 1, .run = wait_at_gate};

/* One item waits behind a stuck lane: the other lane sleeps on until someone looks. */
static void nudge_wakes_a_second_lane(void **state)
{
    struct conf conf = fixture_conf();
    struct lanes *lanes = lanes_start(&conf, NULL);

    (void)state;
    reset();
    pthread_mutex_lock(&gate);
    step_post(&gate_step, NULL);
    await_run(1);
    pause_ms(10);
    step_post(&gate_step, NULL);
    pause_ms(20);
    assert_int_equal(n_run, 1);
    assert_true(lanes_are_waiting(lanes));
    lanes_nudge(lanes);
    await_run(2);
    assert_false(lanes_are_waiting(lanes));
    pthread_mutex_unlock(&gate);
    lanes_stop(lanes);
    lanes_free(lanes);
}

static void second_lane_wakes_from_four_on(void **state)
{
    struct conf conf = fixture_conf();
    struct lanes *lanes = lanes_start(&conf, NULL);

    (void)state;
    reset();
    pthread_mutex_lock(&gate);
    step_post(&gate_step, NULL);
    await_run(1);
    for (int i = 0; i < WAKE_SECOND; i++)
        step_post(&gate_step, NULL);
    await_run(2);
    pthread_mutex_unlock(&gate);
    lanes_stop(lanes);
    lanes_free(lanes);
    assert_int_equal(n_run, 1 + WAKE_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_run_once),
        cmocka_unit_test(post_after_the_end_is_dropped),
        cmocka_unit_test(nudge_wakes_a_second_lane),
        cmocka_unit_test(second_lane_wakes_from_four_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
