/*
 * The hub; see watch.h. One lock guards the table of watchers; the database is read without it, streams are written
 * under it (stream_ functions never wait, and never call back into us). Watchers live in the arenas of their calls.
 */
#include "order/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "order/messages.h"
#include "rpc/call.h"
#include "rpc/proto.h"

enum { BUCKETS = 4096, PIECE_MAX = 256, HUB_ARENA_BYTES_MAX = 256 << 20 };

struct watcher {
    struct watcher *next;
    struct watcher **link; /* what points to us */
    struct call *call;
    struct order_key key;
    int32_t version; /* shown */
    bool may_have_news;
    bool is_finished;
    int64_t sent_ns; /* when it last got a message */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct watcher *buckets[BUCKETS];
static _Atomic size_t n_watchers;
static bool has_news;
static bool is_stopping;
static pthread_t thread;
static const struct conf *conf;
static struct db *db;

static struct watcher **bucket_of(int64_t order_id)
{
    return &buckets[((uint64_t)order_id >> 6 ^ (uint64_t)order_id >> 20) % BUCKETS];
}

void order_watch_changed(const int64_t *order_ids, size_t n)
{
    if (atomic_load_explicit(&n_watchers, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n; i++)
        for (struct watcher *watcher = *bucket_of(order_ids[i]); watcher != NULL; watcher = watcher->next)
            if (watcher->key.order_id == order_ids[i])
                watcher->may_have_news = has_news = true;
    if (has_news)
        pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_gone(struct call *call, void *context)
{
    struct watcher *watcher = context;

    (void)call;
    pthread_mutex_lock(&lock);
    *watcher->link = watcher->next;
    if (watcher->next != NULL)
        watcher->next->link = watcher->link;
    atomic_fetch_sub(&n_watchers, 1);
    pthread_mutex_unlock(&lock);
}

static void send_order(struct watcher *watcher, const struct order_row *row, const struct order_lines *lines,
                       struct arena *arena)
{
    Bmt__Order__V1__WatchOrderResponse message = BMT__ORDER__V1__WATCH_ORDER_RESPONSE__INIT;

    message.event_case = BMT__ORDER__V1__WATCH_ORDER_RESPONSE__EVENT_ORDER;
    message.order = order_message(row, lines, arena);
    stream_send(watcher->call, &message.base);
    watcher->sent_ns = clock_steady_ns();
}

/* What is final ends the stream; with the lock held. */
static void finish_if_settled(struct watcher *watcher, const struct order_row *row)
{
    if (!order_state_is_settled(row->state))
        return;
    watcher->is_finished = true;
    stream_finish(watcher->call, NULL);
}

/*
 * A change between the caller's read and this would be missed, so the watcher is looked at once more right away.
 */
void order_watch_add(struct call *call, const struct order_row *row, const struct order_lines *lines)
{
    struct watcher *watcher = arena_new_of(call_arena(call), struct watcher);

    watcher->call = call;
    watcher->key = (struct order_key){.order_id = row->order_id, .biz_id = row->biz_id};
    watcher->version = row->version;
    watcher->may_have_news = true;
    stream_on_gone(call, on_gone, watcher);

    pthread_mutex_lock(&lock);
    watcher->link = bucket_of(row->order_id);
    watcher->next = *watcher->link;
    if (watcher->next != NULL)
        watcher->next->link = &watcher->next;
    *watcher->link = watcher;
    atomic_fetch_add(&n_watchers, 1);
    send_order(watcher, row, lines, call_arena(call));
    finish_if_settled(watcher, row);
    has_news = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* Takes up to PIECE_MAX orders that may have news. */
static size_t take_news(struct order_key *keys)
{
    size_t n = 0;

    pthread_mutex_lock(&lock);
    has_news = false;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct watcher *watcher = buckets[i]; watcher != NULL; watcher = watcher->next) {
            if (!watcher->may_have_news || watcher->is_finished)
                continue;
            if (n == PIECE_MAX) {
                has_news = true;
                break;
            }
            watcher->may_have_news = false;
            keys[n++] = watcher->key;
        }
    pthread_mutex_unlock(&lock);
    return n;
}

static void send_change(struct watcher *watcher, const struct order_event_row *event, const struct order_row *row,
                        const struct order_lines *lines, struct arena *arena)
{
    Bmt__Order__V1__WatchOrderResponse message = BMT__ORDER__V1__WATCH_ORDER_RESPONSE__INIT;
    Bmt__Order__V1__OrderChange change = BMT__ORDER__V1__ORDER_CHANGE__INIT;

    change.event = order_event_message(event, arena);
    change.order = order_message(row, lines, arena);
    message.event_case = BMT__ORDER__V1__WATCH_ORDER_RESPONSE__EVENT_CHANGE;
    message.change = &change;
    stream_send(watcher->call, &message.base);
    watcher->version = event->version;
    watcher->sent_ns = clock_steady_ns();
}

/* What was read of some orders. */
struct news {
    struct order_row *rows;
    size_t n_rows;
    struct order_lines *lines;
    struct order_event_row *events; /* by order and version */
    size_t n_events;
};

static void tell(const struct news *news, size_t which, struct arena *arena)
{
    const struct order_row *row = &news->rows[which];

    for (struct watcher *watcher = *bucket_of(row->order_id); watcher != NULL; watcher = watcher->next) {
        if (watcher->key.order_id != row->order_id || watcher->is_finished)
            continue;
        for (size_t i = 0; i < news->n_events; i++) {
            const struct order_event_row *event = &news->events[i];

            /* Events beyond the row read would be shown with an older order: they wait for the next look. */
            if (event->order_id == row->order_id && event->version == watcher->version + 1 &&
                event->version <= row->version)
                send_change(watcher, event, row, &news->lines[which], arena);
        }
        if (watcher->version == row->version)
            finish_if_settled(watcher, row);
    }
}

/* Events are read before rows: a row is then at least as new as any event read. */
static int read_news(struct session *session, const struct order_key *keys, size_t n, struct arena *arena,
                     struct news *ret_news, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct batch batch = {.arena = arena};
    struct news news = {0};
    int rc;

    rc = tx_begin_read(session, &tx, err);
    batch.tx = tx;
    if (rc == 0)
        rc = order_store_find_events(tx, keys, n, arena, &news.events, &news.n_events, err);
    if (rc == 0)
        rc = order_store_find(tx, keys, n, arena, &news.rows, &news.n_rows, err);
    if (rc != 0)
        return rc;
    struct order_row **rows = arena_array_of(arena, struct order_row *, news.n_rows);

    news.lines = arena_array_of(arena, struct order_lines, news.n_rows);
    for (size_t i = 0; i < news.n_rows; i++)
        rows[i] = &news.rows[i];
    rc = order_load_lines(&batch, rows, news.n_rows, news.lines, err);
    *ret_news = news;
    return rc;
}

static void mark_all(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct watcher *watcher = buckets[i]; watcher != NULL; watcher = watcher->next)
            watcher->may_have_news = has_news = true;
    pthread_mutex_unlock(&lock);
}

/* Tells one piece of news. False when the database could not be read. */
static bool tell_piece(struct session *session, const struct order_key *keys, size_t n, struct arena *arena)
{
    struct news news = {0};
    struct err err = {0};

    if (read_news(session, keys, n, arena, &news, &err) != 0) {
        log_warn("watched orders could not be read, trying again", log_text("reason", err_info(err.id)->reason));
        return false;
    }
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < news.n_rows; i++)
        tell(&news, i, arena);
    pthread_mutex_unlock(&lock);
    return true;
}

static void send_heartbeats(struct arena *arena)
{
    const int64_t before_ns = clock_steady_ns() - conf->rpc_heartbeat_ms * 1000000;
    Bmt__Order__V1__WatchOrderResponse message = BMT__ORDER__V1__WATCH_ORDER_RESPONSE__INIT;
    Bmt__Order__V1__Heartbeat heartbeat = BMT__ORDER__V1__HEARTBEAT__INIT;

    heartbeat.time = proto_time(clock_now_ms(), arena);
    message.event_case = BMT__ORDER__V1__WATCH_ORDER_RESPONSE__EVENT_HEARTBEAT;
    message.heartbeat = &heartbeat;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct watcher *watcher = buckets[i]; watcher != NULL; watcher = watcher->next)
            if (!watcher->is_finished && watcher->sent_ns <= before_ns) {
                stream_send(watcher->call, &message.base);
                watcher->sent_ns = clock_steady_ns();
            }
    pthread_mutex_unlock(&lock);
}

/* Until there is news, or the next poll is due. False at the end. */
static bool wait_for_news(int64_t pause_ms)
{
    const struct timespec until = clock_moment_in(pause_ms);
    bool goes_on;

    pthread_mutex_lock(&lock);
    while (!is_stopping && !has_news)
        if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
            break;
    goes_on = !is_stopping;
    pthread_mutex_unlock(&lock);
    return goes_on;
}

static void *run_hub(void *unused)
{
    struct arena *arena = arena_new(HUB_ARENA_BYTES_MAX);
    struct session *session;
    int64_t polled_ns = clock_steady_ns();

    (void)unused;
    db_thread_begin();
    session = session_new(db);
    while (wait_for_news(conf->rpc_watch_poll_ms)) {
        struct order_key keys[PIECE_MAX];
        size_t n;
        bool is_read = true;

        if (clock_steady_ns() - polled_ns >= conf->rpc_watch_poll_ms * 1000000) {
            polled_ns = clock_steady_ns();
            mark_all();
        }
        while (is_read && (n = take_news(keys)) > 0) {
            is_read = tell_piece(session, keys, n, arena);
            arena_reset(arena);
        }
        send_heartbeats(arena);
        arena_reset(arena);
    }
    session_free(session);
    db_thread_end();
    arena_free(arena);
    return NULL;
}

void order_watch_start(const struct conf *with_conf, struct db *on_db)
{
    conf = with_conf;
    db = on_db;
    is_stopping = false;
    INVARIANT(pthread_create(&thread, NULL, run_hub, NULL) == 0);
}

void order_watch_stop(void)
{
    pthread_mutex_lock(&lock);
    is_stopping = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}
