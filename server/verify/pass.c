/* Ranges, threads and suspects; see pass.h. */
#include "verify/pass.h"

#include <string.h>
#include <time.h>

enum { RANGE_BYTES_MAX = 256 << 20 };

struct crew crew_begin(const struct verify *verify)
{
    struct crew crew = {.n = verify->threads < THREADS_MAX ? verify->threads : THREADS_MAX};

    for (unsigned i = 0; i < crew.n; i++) {
        crew.seats[i].session = session_new(verify->db);
        crew.seats[i].arena = arena_new(RANGE_BYTES_MAX);
    }
    return crew;
}

void crew_end(struct crew *crew)
{
    for (unsigned i = 0; i < crew->n; i++) {
        session_free(crew->seats[i].session);
        arena_free(crew->seats[i].arena);
    }
}

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
    const double span = pass->last > pass->first ? (double)pass->last - (double)pass->first : 1;
    const double at = pass->next > pass->first ? (double)pass->next - (double)pass->first : 0;
    const double done = pass->is_done || at > span ? span : at;

    if (pass->verify->progress != NULL)
        pass->verify->progress(pass->verify->context, pass->name, done / span, pass->n_rows);
}

static struct worker worker_of(struct pass *pass, unsigned seat)
{
    return (struct worker){.verify = pass->verify,
                           .session = pass->crew->seats[seat].session,
                           .arena = pass->crew->seats[seat].arena,
                           .pass = pass};
}

/* One range after the other. */
static void work(struct worker *worker)
{
    struct pass *pass = worker->pass;
    int64_t after = 0;
    int64_t upto = 0;
    bool is_taken = true;

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
}

static void *work_beside(void *argument)
{
    db_thread_begin();
    work(argument);
    db_thread_end();
    return NULL;
}

static int find_ends(struct worker *worker)
{
    struct pass *pass = worker->pass;
    bool is_found = false;
    int rc;

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

/* Every range, by all threads; the caller is one of them. */
static int look_at_all(struct pass *pass)
{
    struct worker workers[THREADS_MAX] = {0};
    pthread_t threads[THREADS_MAX] = {0};

    PRE(pass->crew->n > 0);
    for (unsigned i = 0; i < pass->crew->n; i++)
        workers[i] = worker_of(pass, i);
    for (unsigned i = 1; i < pass->crew->n; i++)
        INVARIANT(pthread_create(&threads[i], NULL, work_beside, &workers[i]) == 0);
    work(&workers[0]);
    for (unsigned i = 1; i < pass->crew->n; i++)
        pthread_join(threads[i], NULL);
    return pass->has_failed ? -1 : 0;
}

int pass_run(struct pass *pass, struct arena *arena)
{
    struct worker worker = worker_of(pass, 0);
    int rc;

    pthread_mutex_init(&pass->lock, NULL);
    pass->arena = arena;
    rc = find_ends(&worker);
    /* Rows of no order may come before the first. */
    pass->next = pass->verify->from_ms > 0 ? id_first_of(pass->verify->from_ms) - 1 : pass->before;
    if (pass->next > pass->first)
        pass->first = pass->next;
    pass->is_first_look = true;
    if (rc == 0)
        rc = look_at_all(pass);
    pass->is_first_look = false;
    for (int i = 1; i <= pass->verify->recheck_max && rc == 0 && has_suspects(pass); i++)
        rc = look_again(&worker, i == pass->verify->recheck_max);
    arena_reset(worker.arena);
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
        if (!is_known && pass->n_suspects < SUSPECTS_MAX) {
            pass->suspects =
                arena_grow(pass->arena, pass->suspects, pass->n_suspects, &pass->suspects_room, sizeof *pass->suspects);
            pass->suspects[pass->n_suspects++].id = key;
        }
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
    if (pass->is_first_look) {
        if (at == pass->n_money) {
            pass->money = arena_grow(pass->arena, pass->money, at, &pass->money_room, sizeof *pass->money);
            pass->money[pass->n_money++].biz_id = biz_id;
            memcpy(pass->money[at].currency, currency, CURRENCY_SIZE);
        }
        pass->money[at].in_minor += in_minor;
        pass->money[at].out_minor += out_minor;
    }
    pthread_mutex_unlock(&pass->lock);
}
