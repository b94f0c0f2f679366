/*
 * What makes bmtd countable: batches of the same size every time. Linked into bmtd by tests/bench/CMakeLists.txt in the
 * place of the scheduler, so that nothing runs by the clock; run by tools/instructions under callgrind.
 *
 * A lane takes whatever waits, so on its own the machine decides how many calls share a transaction. A gate is a step
 * that goes before each batch: it holds the only lane of its class until COUNTED_BATCH calls wait, and posts itself
 * again behind them. Counting begins and ends in the gate, always at the same point: a batch has just arrived.
 * Methods are counted one after the other, in the order of the table.
 */
#include <stdatomic.h>
#include <time.h>

#include <valgrind/callgrind.h>

#include "base/metrics.h"
#include "bench/counted.h"
#include "jobs/jobs.h"
#include "rpc/lane.h"

struct scheduler *__wrap_scheduler_start(const struct conf *conf, struct db *db, const struct job *const *jobs,
                                         size_t n_jobs);
void __wrap_scheduler_stop(struct scheduler *scheduler);

static void hold_sale(struct lane *lane, void **items, size_t n);
static void hold_read(struct lane *lane, void **items, size_t n);

static struct step sale_gate = {.name = "gate.sale", .priority = PRIORITY_SALE, .batch_max = 1, .run = hold_sale};
static struct step read_gate = {.name = "gate.read", .priority = PRIORITY_READ, .batch_max = 1, .run = hold_read};

struct counted {
    const char *queue; /* the label of the method's queue */
    struct step *gate;
    int n_held; /* batches so far */
};

static struct counted methods[] = {
    {.queue = "queue=\"bmt.order.v1.OrderService/CreateOrder\"", .gate = &sale_gate},
    {.queue = "queue=\"bmt.order.v1.OrderService/GetOrder\"", .gate = &read_gate},
    {.queue = "queue=\"bmt.sandbox.v1.SandboxService/GetClock\"", .gate = &read_gate},
};

static atomic_bool is_over;

/* Waiting costs next to nothing, and what it costs is the gate's, which is not counted as anybody's. */
static void wait_for_batch(const struct counted *method)
{
    const struct metric *waiting = metrics_series(METRIC_GAUGE, "bmt_rpc_queue_length", "", method->queue);

    while (metric_value(waiting) < COUNTED_BATCH && !atomic_load(&is_over))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void hold(struct counted *method)
{
    wait_for_batch(method);
    if (atomic_load(&is_over))
        return;
    if (method->n_held == COUNTED_WARM_UP) {
        CALLGRIND_START_INSTRUMENTATION;
        CALLGRIND_ZERO_STATS;
    }
    if (method->n_held++ < COUNTED_WARM_UP + COUNTED_BATCHES) {
        step_post(method->gate, method);
        return;
    }
    CALLGRIND_DUMP_STATS;
    CALLGRIND_STOP_INSTRUMENTATION;
    if (method + 1 < methods + COUNT_OF(methods))
        step_post(method[1].gate, &method[1]);
}

static void hold_sale(struct lane *lane, void **items, size_t n)
{
    (void)lane;
    (void)n;
    hold(items[0]);
}

static void hold_read(struct lane *lane, void **items, size_t n)
{
    hold_sale(lane, items, n);
}

struct scheduler *__wrap_scheduler_start(const struct conf *conf, struct db *db, const struct job *const *jobs,
                                         size_t n_jobs)
{
    (void)conf;
    (void)db;
    (void)jobs;
    (void)n_jobs;
    step_post(methods[0].gate, &methods[0]);
    return NULL;
}

void __wrap_scheduler_stop(struct scheduler *scheduler)
{
    (void)scheduler;
    atomic_store(&is_over, true);
}
