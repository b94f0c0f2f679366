/* Ranges, threads and suspects; see pass.h. */
#include "verify/pass.h"

#include <string.h>
#include <time.h>

enum { THREADS_MAX = 8, RANGE_BYTES_MAX = 256 << 20, MONEY_MAX = 4096 };

static int read_key(struct worker *worker, const char *text, int64_t *ret_key, bool *ret_found)
{
    struct scan scan;

    *ret_found = false;
    if (scan_begin(worker->session, worker->pass->module, text, worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        *ret_key = scan_i64(&scan, 0);
        *ret_found = true;
    }
    return scan.has_failed ? -1 : 0;
}

bool pass_stops(const struct verify *verify)
{
    return verify->stops != NULL && verify->stops(verify->context);
}

static int find_upto(struct worker *worker, int64_t *ret_upto, bool *ret_is_last)
{
    struct pass *pass = worker->pass;
    bool is_found = false;
    int rc;

    if (pass->step != NULL)
        return pass->step(worker, pass->next, ret_upto, ret_is_last);
    rc = read_key(worker,
                  arena_printf(worker->arena, "SELECT %s FROM %s WHERE %s > %lld ORDER BY %s LIMIT 1 OFFSET %d",
                               pass->key, pass->table, pass->key, (long long)pass->next, pass->key, PASS_RANGE - 1),
                  ret_upto, &is_found);
    if (!is_found) {
        *ret_upto = INT64_MAX;
        *ret_is_last = true;
    }
    return rc;
}

/* Takes the next range for a thread; `ret_upto` is INT64_MAX for the last one. */
static int take_range(struct worker *worker, int64_t *ret_after, int64_t *ret_upto, bool *ret_taken)
{
    struct pass *pass = worker->pass;
    int rc = 0;

    pthread_mutex_lock(&pass->lock);
    pass->has_failed = pass->has_failed || pass_stops(pass->verify);
    *ret_taken = !pass->is_done && !pass->has_failed;
    if (*ret_taken) {
        *ret_after = pass->next;
        rc = find_upto(worker, ret_upto, &pass->is_done);
        pass->next = *ret_upto;
        pass->has_failed = pass->has_failed || rc != 0;
    }
    pthread_mutex_unlock(&pass->lock);
    return rc;
}

static void show_progress(struct pass *pass)
{
    const double span = pass->last > pass->first ? (double)(pass->last - pass->first) : 1;
    const int64_t at = pass->count != NULL ? pass->n_keys : pass->next - pass->first;
    const double done = pass->is_done || (double)at > span ? span : (double)at;

    if (pass->verify->progress != NULL)
        pass->verify->progress(pass->verify->context, pass->name, done / span, pass->n_rows);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct pass *pass = worker->pass;
    int64_t after = 0;
    int64_t upto = 0;
    bool is_taken = true;

    db_thread_begin();
    worker->session = session_new(pass->verify->db);
    worker->arena = arena_new(RANGE_BYTES_MAX);
    while (take_range(worker, &after, &upto, &is_taken) == 0 && is_taken) {
        const int rc = pass->check(worker, after, upto);

        arena_reset(worker->arena);
        pthread_mutex_lock(&pass->lock);
        pass->has_failed = pass->has_failed || rc != 0;
        pass->n_rows += worker->n_rows;
        worker->n_rows = 0;
        show_progress(pass);
        pthread_mutex_unlock(&pass->lock);
    }
    arena_free(worker->arena);
    session_free(worker->session);
    db_thread_end();
    return NULL;
}

static int find_ends(struct worker *worker)
{
    struct pass *pass = worker->pass;
    bool is_found = false;
    int rc;

    if (pass->count != NULL)
        return read_key(worker, pass->count, &pass->last, &is_found);
    rc = read_key(worker, arena_printf(worker->arena, "SELECT COALESCE(MIN(%s), 0) FROM %s", pass->key, pass->table),
                  &pass->first, &is_found);
    if (rc == 0)
        rc =
            read_key(worker, arena_printf(worker->arena, "SELECT COALESCE(MAX(%s), 0) FROM %s", pass->key, pass->table),
                     &pass->last, &is_found);
    return rc;
}

void pass_pause(const struct verify *verify)
{
    nanosleep(&(struct timespec){.tv_sec = verify->recheck_ms / 1000, .tv_nsec = verify->recheck_ms % 1000 * 1000000L},
              NULL);
}

/* Looks at the suspects again, one by one. */
static int look_again(struct worker *worker, bool is_last)
{
    struct pass *pass = worker->pass;
    int rc = 0;

    pass_pause(pass->verify);
    pass->is_last_look = is_last;
    for (size_t i = 0; i < pass->n_suspects && rc == 0; i++) {
        if (pass->suspects[i].is_cleared)
            continue;
        if (pass_stops(pass->verify))
            return -1;
        pass->n_found = 0;
        rc = pass->check(worker, pass->suspects[i].id - 1, pass->suspects[i].id);
        arena_reset(worker->arena);
        pass->suspects[i].is_cleared = pass->n_found == 0;
        pass->report->n_rechecked++;
    }
    return rc;
}

static bool has_suspects(const struct pass *pass)
{
    for (size_t i = 0; i < pass->n_suspects; i++)
        if (!pass->suspects[i].is_cleared)
            return true;
    return false;
}

/* Every range, by all threads. */
static int look_at_all(struct pass *pass)
{
    const unsigned n = pass->verify->threads < THREADS_MAX ? pass->verify->threads : THREADS_MAX;
    struct worker workers[THREADS_MAX] = {0};
    pthread_t threads[THREADS_MAX];

    for (unsigned i = 0; i < n; i++) {
        workers[i].verify = pass->verify;
        workers[i].pass = pass;
        INVARIANT(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return pass->has_failed ? -1 : 0;
}

int pass_run(struct pass *pass, struct arena *arena)
{
    struct session *session CLEANUP(session_cleanup) = session_new(pass->verify->db);
    struct arena *range CLEANUP(arena_cleanup) = arena_new(RANGE_BYTES_MAX);
    struct worker worker = {.verify = pass->verify, .session = session, .arena = range, .pass = pass};
    int rc;

    pthread_mutex_init(&pass->lock, NULL);
    pass->suspects = arena_array_of(arena, struct suspect, SUSPECTS_MAX);
    pass->money = arena_array_of(arena, struct verify_money, MONEY_MAX);
    rc = find_ends(&worker);
    /* Rows of no order may come before the first. */
    pass->next = pass->verify->from_ms > 0 ? id_first_of(pass->verify->from_ms) - 1 : 0;
    if (pass->count == NULL && pass->next > pass->first)
        pass->first = pass->next;
    pass->is_first_look = true;
    if (rc == 0)
        rc = look_at_all(pass);
    pass->is_first_look = false;
    for (int i = 1; i <= pass->verify->recheck_max && rc == 0 && has_suspects(pass); i++)
        rc = look_again(&worker, i == pass->verify->recheck_max);
    pass->report->n_rows += pass->n_rows;
    return rc;
}

void pass_found(struct worker *worker, int64_t key, const struct finding *finding)
{
    struct pass *pass = worker->pass;
    struct finding certain = *finding;

    certain.pass = pass->which;
    certain.key = key;
    pthread_mutex_lock(&pass->lock);
    pass->n_found++;
    if (pass->is_last_look) {
        pass->report->by_kind[finding->kind]++;
        pass->report->n_findings++;
        pass->verify->tell(pass->verify->context, &certain);
    } else {
        bool is_known = false;

        for (size_t i = pass->n_suspects; i > 0 && !is_known && i + 16 > pass->n_suspects; i--)
            is_known = pass->suspects[i - 1].id == key;
        if (!is_known && pass->n_suspects < SUSPECTS_MAX)
            pass->suspects[pass->n_suspects++].id = key;
    }
    pthread_mutex_unlock(&pass->lock);
}

void pass_count(struct worker *worker, size_t n)
{
    struct pass *pass = worker->pass;

    pthread_mutex_lock(&pass->lock);
    if (pass->is_first_look)
        pass->n_keys += (int64_t)n;
    pthread_mutex_unlock(&pass->lock);
}

void pass_add_money(struct worker *worker, int64_t biz_id, const char *currency, int64_t in_minor, int64_t out_minor)
{
    struct pass *pass = worker->pass;
    size_t at = 0;

    pthread_mutex_lock(&pass->lock);
    while (at < pass->n_money && (pass->money[at].biz_id != biz_id || strcmp(pass->money[at].currency, currency) != 0))
        at++;
    if (pass->is_first_look && at < MONEY_MAX) {
        if (at == pass->n_money) {
            pass->money[pass->n_money++].biz_id = biz_id;
            memcpy(pass->money[at].currency, currency, CURRENCY_SIZE);
        }
        pass->money[at].in_minor += in_minor;
        pass->money[at].out_minor += out_minor;
    }
    pthread_mutex_unlock(&pass->lock);
}
