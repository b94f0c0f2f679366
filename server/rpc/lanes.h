/*
 * Queues and the threads that empty them: the inside of lane.h.
 *
 * Lanes of one priority share the queues of that priority. A lane takes the queue that has waited longest, up to the
 * queue's batch_max, and goes on until nothing waits. Sleeping lanes are woken only when it pays: the first one for
 * any work, a further one from WAKE_SECOND waiting items on, or when the poller sees that work has waited too long
 * (lanes_nudge), because all awake lanes are stuck.
 */
#ifndef BMT_RPC_LANES_H
#define BMT_RPC_LANES_H

#include <stdbool.h>

#include "base/conf.h"
#include "rpc/lane.h"

enum { WAKE_SECOND = 4 };

struct lanes;
struct queue;

/* Runs on a lane with up to batch_max items. */
typedef void queue_run(struct lane *lane, void *context, void **items, size_t n);

struct queue_plan {
    const char *name; /* the label of its metrics */
    enum priority priority;
    unsigned batch_max;
    unsigned length_max; /* 0: no limit, nor that of the priority's queues together */
    queue_run *run;
    void *context;
};

/* The priority as QUEUE_FULL names it, such as `class sale`. */
const char *lanes_class_name(enum priority priority);

/* `db` may be NULL in tests: lanes then have no session. */
struct lanes *lanes_start(const struct conf *conf, struct db *db);

/* Works off what waits and joins the threads; steps posted from now on are dropped. */
void lanes_stop(struct lanes *lanes);
/* Frees lanes and queues; pollers must have ended. */
void lanes_free(struct lanes *lanes);

/* A new queue; lives as long as the lanes. */
struct queue *lanes_queue(struct lanes *lanes, const struct queue_plan *plan);

enum queue_push {
    QUEUE_TOOK,
    QUEUE_IS_FULL,
    QUEUE_CLASS_IS_FULL, /* all queues of the priority together hold rpc.class_queue_max */
};
/* Thread-safe. */
enum queue_push queue_push(struct queue *queue, void *item) MUST_CHECK;

/* Whether items wait anywhere, and a look after those that have waited too long. */
bool lanes_are_waiting(const struct lanes *lanes);
void lanes_nudge(struct lanes *lanes);

#endif
