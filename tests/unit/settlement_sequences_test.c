/*
 * A million random lives of sold lines, by the server's own pure functions: sales, refunds before and after clearing,
 * disputes, statements, payouts that succeed, fail and come back, in currencies of 0, 2 and 3 decimals. After each step
 * no unit is lost (lib/money_world.h). SEED=N repeats a run; under a sanitizer there are fewer.
 */
#include "lib/suite.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/money_world.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif
#ifdef IS_SANITIZED
enum { SEQUENCES = 50000 };
#else
enum { SEQUENCES = 1000000 };
#endif

enum { STEPS_MIN = 8, STEPS_MORE = 12, STEP_MS = 600, ARENA_LIMIT = 16 << 20 };

static struct world w;

typedef void step(struct world *w);

static step *draw_step(void)
{
    static const struct {
        step *make;
        int64_t weight;
    } steps[] = {{world_sell, 2},   {world_clear, 5},        {world_refund, 3}, {world_dispute, 3},
                 {world_settle, 5}, {world_begin_payout, 4}, {world_hear, 6}};
    int64_t at = random_up_to(&w, 27);
    size_t i = 0;

    while (at >= steps[i].weight)
        at -= steps[i++].weight;
    return steps[i].make;
}

/* Returns the step after which something was wrong, 0: none. */
static int64_t run_sequence(uint64_t seed)
{
    world_begin(&w, seed);
    for (int64_t i = 1, n = STEPS_MIN + random_up_to(&w, STEPS_MORE); i <= n; i++) {
        step *make = i == 1 ? world_sell : draw_step();

        make(&w);
        world_check(&w);
        if (w.wrong != NULL)
            return i;
        w.batch.now_ms += STEP_MS;
    }
    return 0;
}

static void no_unit_is_lost_whatever_happens(void **state)
{
    const char *again = getenv("SEED");
    const unsigned seed = again != NULL ? (unsigned)strtoul(again, NULL, 10) : (unsigned)getpid();
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(ARENA_LIMIT);

    (void)state;
    print_message("SEED=%u, %d sequences\n", seed, SEQUENCES);
    w.batch.arena = arena;
    for (unsigned i = 0; i < SEQUENCES; i++) {
        const int64_t at = run_sequence((uint64_t)seed << 32 | i);

        if (at != 0)
            fail_msg("%s, after step %d of sequence %u of SEED=%u", w.wrong, (int)at, i, seed);
        arena_reset(arena);
    }
    for (int i = 0; i < HAPPENED_COUNT; i++) {
        print_message("%s: %lld\n", happened_names[i], (long long)w.happened[i]);
        assert_true(w.happened[i] > SEQUENCES / 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_unit_is_lost_whatever_happens),
    };

    return cmocka_run_group_tests_name("settlement sequences", tests, NULL, NULL);
}
