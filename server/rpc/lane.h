/*
 * Lanes: threads with their own database session that take all waiting work of one kind at once.
 *
 * A method's calls wait in the method's queue. A free lane of the method's priority takes what waits there, up to the
 * method's batch_max, and runs the handler once with the array. It never waits for a batch to fill: while it works,
 * the next batch gathers. Calls whose deadline passed while waiting are answered without work. Queues are bounded, each
 * and those of one priority together; one further call is refused with QUEUE_FULL.
 *
 * A step is the same for work that continues after a hop to the outside (a channel's HTTP API): it is posted from any
 * thread and runs in a lane, in batches, with whatever items its flow gave it.
 */
#ifndef BMT_RPC_LANE_H
#define BMT_RPC_LANE_H

#include <stddef.h>

#include "base/arena.h"
#include "sql/db.h"

struct call;
struct lane;

/* The numbers of bmt.common.v1.Priority. */
enum priority {
    PRIORITY_RECOVERY = 1,
    PRIORITY_SALE = 2,
    PRIORITY_READ = 3,
    PRIORITY_REPORT = 4,
    PRIORITY_COUNT,
};

struct session *lane_session(struct lane *lane);

/* Reset after each batch. */
struct arena *lane_arena(struct lane *lane);

/* A named step of a flow. Define it static, post items to it; `queue` is the runtime's. */
struct step {
    const char *name; /* `pay_order.record` */
    enum priority priority;
    unsigned batch_max;
    void (*run)(struct lane *lane, void **items, size_t n);
    struct step_queue *_Atomic queue;
};

/* Puts an item into the step's queue; never refused (the hop that it ends was admitted before). Thread-safe. */
void step_post(struct step *step, void *item);

#endif
