/*
 * The lanes: see lanes.h for the rules, lane.h for what flows may use.
 */
#include "rpc/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "sql/batch.h"

enum {
    LANE_ARENA_MAX = 256 * 1024 * 1024,
    RING_FIRST = 64,
    QUEUES_ARENA_MAX = 256 * 1024 * 1024,
    STUCK_AFTER_NS = 5 * 1000 * 1000,
    STEP_QUEUES_MAX = 256,
};

struct queue {
    struct queue_plan plan;
    struct group *group;
    void **ring;
    size_t ring_size; /* a power of two */
    size_t head;
    size_t count;
    struct queue *next_waiting; /* in the group's list, while count > 0 */
    struct metric *length;
};

struct lane {
    struct group *group;
    struct session *session;
    struct arena *arena;
    pthread_t thread;
    void *items[BATCH_MAX];
};

/* The lanes of one priority and what waits for them. */
struct group {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct queue *first, *last; /* queues that hold something, longest waiting first */
    size_t waiting;             /* calls and steps together */
    size_t waiting_max;         /* from there on no call is taken; const */
    int64_t taken_ns;           /* when a lane last took something */
    unsigned n_sleeping;
    unsigned n_awake;
    unsigned wakeups; /* lanes told to wake that have not run yet */
    bool is_stopping;
    struct lane *lanes;
    unsigned n_lanes;
    struct lanes *all;
};

struct lanes {
    struct arena *arena; /* of rings and queues; guarded by arena_lock */
    pthread_mutex_t arena_lock;
    struct db *db;
    _Atomic int64_t waiting;
    struct group groups[PRIORITY_COUNT];
    pthread_mutex_t steps_lock; /* guards the making of step queues */
    struct step *steps[STEP_QUEUES_MAX];
    size_t n_steps;
};

/*
 * Steps are static and find their lanes here. The lock is held for reading while a step is posted: lanes_stop takes
 * it for writing to close the door, so that a late post (an HTTP answer after the stop) meets no freed queue.
 */
static pthread_rwlock_t door = PTHREAD_RWLOCK_INITIALIZER;
static struct lanes *lanes_now; /* guarded by door */

struct step_queue {
    struct queue *queue;
};

struct session *lane_session(struct lane *lane)
{
    return lane->session;
}

struct arena *lane_arena(struct lane *lane)
{
    return lane->arena;
}

const char *lanes_class_name(enum priority priority)
{
    static const char *const names[PRIORITY_COUNT] = {
        [PRIORITY_RECOVERY] = "class recovery",
        [PRIORITY_SALE] = "class sale",
        [PRIORITY_READ] = "class read",
        [PRIORITY_REPORT] = "class report",
    };

    return names[priority];
}

static void *lanes_alloc(struct lanes *lanes, size_t count, size_t size)
{
    pthread_mutex_lock(&lanes->arena_lock);
    void *memory = arena_calloc(lanes->arena, count, size);
    pthread_mutex_unlock(&lanes->arena_lock);
    return memory;
}

/* Takes up to batch_max items of the longest waiting queue; what is left of it goes to the end of the line. */
static struct queue *group_take(struct group *group, void **items, size_t *ret_n)
{
    struct queue *queue = group->first;
    size_t n = queue->count < queue->plan.batch_max ? queue->count : queue->plan.batch_max;

    for (size_t i = 0; i < n; i++)
        items[i] = queue->ring[(queue->head + i) & (queue->ring_size - 1)];
    queue->head = (queue->head + n) & (queue->ring_size - 1);
    queue->count -= n;
    group->waiting -= n;
    group->taken_ns = clock_steady_ns();
    atomic_fetch_sub_explicit(&group->all->waiting, (int64_t)n, memory_order_relaxed);
    metric_set(queue->length, (int64_t)queue->count);

    group->first = queue->next_waiting;
    if (group->first == NULL)
        group->last = NULL;
    queue->next_waiting = NULL;
    if (queue->count > 0) {
        if (group->last != NULL)
            group->last->next_waiting = queue;
        else
            group->first = queue;
        group->last = queue;
    }
    *ret_n = n;
    return queue;
}

/* Wakes one lane, with the lock held; it counts as awake from now on, so that the next push does not wake another. */
static void group_wake(struct group *group)
{
    group->n_sleeping--;
    group->n_awake++;
    group->wakeups++;
    pthread_cond_signal(&group->work);
}

/* Waits for work; NULL when the lanes stop and nothing is left. Enters and leaves with the lock held. */
static struct queue *lane_wait(struct lane *lane, size_t *ret_n)
{
    struct group *group = lane->group;

    while (group->first == NULL) {
        if (group->is_stopping)
            return NULL;
        group->n_awake--;
        group->n_sleeping++;
        while (group->wakeups == 0 && !group->is_stopping)
            pthread_cond_wait(&group->work, &group->lock);
        if (group->wakeups > 0) {
            group->wakeups--;
        } else {
            group->n_sleeping--;
            group->n_awake++;
        }
    }
    return group_take(group, lane->items, ret_n);
}

static void *lane_run(void *context)
{
    struct lane *lane = context;
    struct group *group = lane->group;
    struct queue *queue;
    size_t n = 0;

    db_thread_begin();
    if (group->all->db != NULL)
        lane->session = session_new(group->all->db);
    pthread_mutex_lock(&group->lock);
    group->n_awake++;
    while ((queue = lane_wait(lane, &n)) != NULL) {
        pthread_mutex_unlock(&group->lock);
        queue->plan.run(lane, queue->plan.context, lane->items, n);
        arena_reset(lane->arena);
        pthread_mutex_lock(&group->lock);
    }
    group->n_awake--;
    pthread_mutex_unlock(&group->lock);
    if (lane->session != NULL)
        session_free(lane->session);
    db_thread_end();
    return NULL;
}

static void group_start(struct lanes *lanes, const struct conf *conf, struct group *group, int64_t n_lanes)
{
    group->all = lanes;
    group->waiting_max = (size_t)conf->rpc_class_queue_max;
    group->n_lanes = (unsigned)n_lanes;
    group->lanes = lanes_alloc(lanes, group->n_lanes, sizeof(struct lane));
    pthread_mutex_init(&group->lock, NULL);
    pthread_cond_init(&group->work, NULL);
    for (unsigned i = 0; i < group->n_lanes; i++) {
        group->lanes[i].group = group;
        group->lanes[i].arena = arena_new(LANE_ARENA_MAX);
        int rc = pthread_create(&group->lanes[i].thread, NULL, lane_run, &group->lanes[i]);
        INVARIANT(rc == 0);
    }
}

struct lanes *lanes_start(const struct conf *conf, struct db *db)
{
    struct arena *arena = arena_new(QUEUES_ARENA_MAX);
    struct lanes *lanes = arena_new_of(arena, struct lanes);

    lanes->arena = arena;
    lanes->db = db;
    pthread_mutex_init(&lanes->arena_lock, NULL);
    pthread_mutex_init(&lanes->steps_lock, NULL);
    group_start(lanes, conf, &lanes->groups[PRIORITY_RECOVERY], conf->rpc_lanes_recovery);
    group_start(lanes, conf, &lanes->groups[PRIORITY_SALE], conf->rpc_lanes_sale);
    group_start(lanes, conf, &lanes->groups[PRIORITY_READ], conf->rpc_lanes_read);
    group_start(lanes, conf, &lanes->groups[PRIORITY_REPORT], conf->rpc_lanes_report);
    pthread_rwlock_wrlock(&door);
    PRE(lanes_now == NULL);
    lanes_now = lanes;
    pthread_rwlock_unlock(&door);
    return lanes;
}

static void group_stop(struct group *group)
{
    pthread_mutex_lock(&group->lock);
    group->is_stopping = true;
    pthread_cond_broadcast(&group->work);
    pthread_mutex_unlock(&group->lock);
    for (unsigned i = 0; i < group->n_lanes; i++) {
        pthread_join(group->lanes[i].thread, NULL);
        arena_free(group->lanes[i].arena);
    }
}

void lanes_stop(struct lanes *lanes)
{
    pthread_rwlock_wrlock(&door);
    lanes_now = NULL;
    for (size_t i = 0; i < lanes->n_steps; i++)
        atomic_store(&lanes->steps[i]->queue, NULL);
    pthread_rwlock_unlock(&door);
    for (int priority = 1; priority < PRIORITY_COUNT; priority++)
        group_stop(&lanes->groups[priority]);
}

void lanes_free(struct lanes *lanes)
{
    for (int priority = 1; priority < PRIORITY_COUNT; priority++) {
        pthread_mutex_destroy(&lanes->groups[priority].lock);
        pthread_cond_destroy(&lanes->groups[priority].work);
    }
    pthread_mutex_destroy(&lanes->arena_lock);
    pthread_mutex_destroy(&lanes->steps_lock);
    arena_free(lanes->arena);
}

struct queue *lanes_queue(struct lanes *lanes, const struct queue_plan *plan)
{
    struct queue *queue = lanes_alloc(lanes, 1, sizeof(*queue));
    char labels[200];

    PRE(plan->priority > 0 && plan->priority < PRIORITY_COUNT);
    PRE(plan->batch_max >= 1 && plan->batch_max <= BATCH_MAX);
    queue->plan = *plan;
    queue->group = &lanes->groups[plan->priority];
    queue->ring_size = RING_FIRST;
    queue->ring = lanes_alloc(lanes, queue->ring_size, sizeof(void *));
    snprintf(labels, sizeof(labels), "queue=\"%s\"", plan->name);
    queue->length =
        metrics_series(METRIC_GAUGE, "bmt_rpc_queue_length", "calls and steps that wait for a lane", labels);
    return queue;
}

/* Doubles the ring; the old one stays in the arena until the end, so all rings together take twice the longest. */
static void queue_grow(struct queue *queue)
{
    size_t size = queue->ring_size * 2;
    void **ring = lanes_alloc(queue->group->all, size, sizeof(void *));

    for (size_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->head + i) & (queue->ring_size - 1)];
    queue->ring = ring;
    queue->ring_size = size;
    queue->head = 0;
}

enum queue_push queue_push(struct queue *queue, void *item)
{
    struct group *group = queue->group;

    pthread_mutex_lock(&group->lock);
    if (queue->plan.length_max != 0 &&
        (queue->count >= queue->plan.length_max || group->waiting >= group->waiting_max)) {
        const bool is_own = queue->count >= queue->plan.length_max;

        pthread_mutex_unlock(&group->lock);
        return is_own ? QUEUE_IS_FULL : QUEUE_CLASS_IS_FULL;
    }
    if (queue->count == queue->ring_size)
        queue_grow(queue);
    queue->ring[(queue->head + queue->count) & (queue->ring_size - 1)] = item;
    queue->count++;
    if (queue->count == 1) {
        if (group->last != NULL)
            group->last->next_waiting = queue;
        else
            group->first = queue;
        group->last = queue;
    }
    group->waiting++;
    metric_set(queue->length, (int64_t)queue->count);
    atomic_fetch_add_explicit(&group->all->waiting, 1, memory_order_relaxed);
    if (group->n_sleeping > 0 && (group->n_awake == 0 || group->waiting >= WAKE_SECOND))
        group_wake(group);
    pthread_mutex_unlock(&group->lock);
    return QUEUE_TOOK;
}

bool lanes_are_waiting(const struct lanes *lanes)
{
    return atomic_load_explicit(&lanes->waiting, memory_order_relaxed) > 0;
}

void lanes_nudge(struct lanes *lanes)
{
    int64_t now_ns = clock_steady_ns();

    for (int priority = 1; priority < PRIORITY_COUNT; priority++) {
        struct group *group = &lanes->groups[priority];

        pthread_mutex_lock(&group->lock);
        if (group->waiting > 0 && group->n_sleeping > 0 && now_ns - group->taken_ns >= STUCK_AFTER_NS)
            group_wake(group);
        pthread_mutex_unlock(&group->lock);
    }
}

static void step_run(struct lane *lane, void *context, void **items, size_t n)
{
    const struct step *step = context;

    step->run(lane, items, n);
}

/* The step's queue, made by whoever posts first. */
static struct step_queue *step_queue_make(struct lanes *lanes, struct step *step)
{
    pthread_mutex_lock(&lanes->steps_lock);
    struct step_queue *made = atomic_load(&step->queue);
    if (made == NULL) {
        struct queue_plan plan = {
            .name = step->name,
            .priority = step->priority,
            .batch_max = step->batch_max,
            .run = step_run,
            .context = step,
        };

        INVARIANT(lanes->n_steps < STEP_QUEUES_MAX);
        made = lanes_alloc(lanes, 1, sizeof(*made));
        made->queue = lanes_queue(lanes, &plan);
        lanes->steps[lanes->n_steps++] = step;
        atomic_store(&step->queue, made);
    }
    pthread_mutex_unlock(&lanes->steps_lock);
    return made;
}

void step_post(struct step *step, void *item)
{
    pthread_rwlock_rdlock(&door);
    struct step_queue *queue = atomic_load(&step->queue);
    if (queue == NULL && lanes_now != NULL)
        queue = step_queue_make(lanes_now, step);
    if (queue != NULL) {
        const enum queue_push pushed = queue_push(queue->queue, item);
        INVARIANT(pushed == QUEUE_TOOK);
    }
    pthread_rwlock_unlock(&door);
    /* Only after the lanes have stopped: what the step would have recorded is found again by recovery jobs. */
    if (queue == NULL)
        log_warn("step posted after the lanes stopped, ignoring", log_text("step", step->name));
}
