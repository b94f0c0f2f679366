/* Runs baselines; see baseline.h. */
#include "bench/baseline.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { THREADS_MAX = 64 };

const char *const baseline_inserts[3] = {
    "INSERT INTO bmt_order.orders (order_id, biz_id, user_id, request_id, fingerprint, state, close_reason, version, "
    "currency, amount_minor, line_count, quote_id, payment_id, due_time_ms, create_time_ms, update_time_ms, "
    "pay_time_ms, fulfil_time_ms, complete_time_ms, created_by, labels) "
    "VALUES (?, ?, ?, ?, ?, 1, 0, 1, 'EUR', 990, 1, 0, 0, ?, ?, ?, 0, 0, 0, 'bench', '')",
    "INSERT INTO bmt_order.order_lines (order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, "
    "unit_minor, amount_minor) VALUES (?, 1, ?, ?, 1, 1, 'membership', 1, 990, 990)",
    "INSERT INTO bmt_product.stock_holds (order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms) "
    "VALUES (?, ?, ?, 1, 1, ?, ?)",
};

int worker_fail(struct worker *worker, const char *what, const char *why)
{
    snprintf(worker->problem, sizeof worker->problem, "%s: %s", what, why);
    return -1;
}

int worker_prepare(struct worker *worker, int statement, const char *text)
{
    worker->statements[statement] = mysql_stmt_init(worker->connection);
    if (mysql_stmt_prepare(worker->statements[statement], text, strlen(text)) != 0)
        return worker_fail(worker, "could not prepare", mysql_stmt_error(worker->statements[statement]));
    return 0;
}

int worker_run(struct worker *worker, int statement, MYSQL_BIND *binds, uint64_t affected)
{
    MYSQL_STMT *stmt = worker->statements[statement];

    if (mysql_stmt_bind_param(stmt, binds) != 0 || mysql_stmt_execute(stmt) != 0)
        return worker_fail(worker, "could not write", mysql_stmt_error(stmt));
    return mysql_stmt_affected_rows(stmt) == affected ? 0 : worker_fail(worker, "could not write", "a row is missing");
}

MYSQL_BIND bind_i64(int64_t *value)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = value};
}

MYSQL_BIND bind_text(char *text, unsigned long *size)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = *size, .length = size};
}

void worker_draw(struct worker *worker, struct order_draw *ret_draw)
{
    const uint64_t drawn = worker->sequence++;
    const int64_t now = clock_wall_ms();
    const size_t sku = (drawn * 31 + (uint64_t)worker->number * 7) % worker->place.n_skus;

    *ret_draw = (struct order_draw){
        .order_id =
            ((now - INT64_C(1704067200000)) << 22) | ((int64_t)worker->number << 16) | (int64_t)(drawn & 0xffff),
        .biz_id = worker->place.biz_id,
        .sku_id = worker->place.sku_ids[sku],
        .now = now,
        .due = now + 900000,
        .fingerprint_size = sizeof ret_draw->fingerprint,
    };
    ret_draw->user_size = (unsigned long)snprintf(ret_draw->user, sizeof ret_draw->user, "user-%d-%d", worker->number,
                                                  (int)(drawn % 1000));
    ret_draw->request_size = (unsigned long)snprintf(ret_draw->request, sizeof ret_draw->request, "one-%d-%lld-%llu",
                                                     worker->number, (long long)now, (unsigned long long)drawn);
}

static int connect_worker(struct worker *worker)
{
    worker->connection = mysql_init(NULL);
    if (mysql_real_connect(worker->connection, NULL, "root", NULL, NULL, 0, worker->place.db_socket,
                           CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS) == NULL)
        return worker_fail(worker, "could not connect", mysql_error(worker->connection));
    if (mysql_query(worker->connection, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") != 0 ||
        mysql_autocommit(worker->connection, 0) != 0)
        return worker_fail(worker, "could not set up the session", mysql_error(worker->connection));
    return 0;
}

static void disconnect(struct worker *worker)
{
    for (int i = 0; i < BASELINE_STATEMENTS; i++)
        if (worker->statements[i] != NULL)
            mysql_stmt_close(worker->statements[i]);
    mysql_close(worker->connection);
    free(worker->memory);
}

static void *work(void *context)
{
    struct worker *worker = context;
    int rc;

    mysql_thread_init();
    rc = connect_worker(worker);
    if (rc == 0)
        rc = worker->baseline->prepare(worker);
    while (rc == 0 && !atomic_load_explicit(worker->is_over, memory_order_relaxed)) {
        const int64_t begin_ns = clock_steady_ns();

        rc = worker->baseline->turn(worker);
        samples_add(&worker->samples, clock_steady_ns() - begin_ns);
    }
    disconnect(worker);
    mysql_thread_end();
    return NULL;
}

static void pause_seconds(double seconds)
{
    nanosleep(
        &(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)},
        NULL);
}

static int run_with(int connections, const struct worker *model, double seconds, struct baseline_result *ret_result)
{
    static struct worker workers[THREADS_MAX];
    static pthread_t threads[THREADS_MAX];
    atomic_bool is_over = false;
    struct samples all = {0};
    const int64_t begin_ns = clock_steady_ns();
    int rc = 0;

    for (int i = 0; i < connections; i++) {
        workers[i] = *model;
        workers[i].number = i;
        workers[i].is_over = &is_over;
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    pause_seconds(seconds);
    atomic_store(&is_over, true);
    for (int i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
        if (workers[i].problem[0] != '\0') {
            fprintf(stderr, "bench: %s: %s\n", model->baseline->name, workers[i].problem);
            rc = -1;
        }
        samples_merge(&all, &workers[i].samples);
    }
    *ret_result = (struct baseline_result){
        .connections = connections,
        .orders_per_s = (double)all.n * model->baseline->orders_a_turn / ((double)(clock_steady_ns() - begin_ns) / 1e9),
        .p50_ms = samples_percentile_ms(&all, 50),
        .p99_ms = samples_percentile_ms(&all, 99),
    };
    samples_free(&all);
    return rc;
}

static int run_statements(struct worker *worker, const char *const *statements)
{
    int rc = statements == NULL ? 0 : connect_worker(worker);

    for (; rc == 0 && statements != NULL && *statements != NULL; statements++)
        if (mysql_query(worker->connection, *statements) != 0)
            rc = worker_fail(worker, "could not set up", mysql_error(worker->connection));
    if (statements != NULL)
        mysql_close(worker->connection);
    if (rc != 0)
        fprintf(stderr, "bench: %s: %s\n", worker->baseline->name, worker->problem);
    return rc;
}

int baseline_run(const struct baseline *baseline, const struct baseline_place *place, double seconds,
                 struct baseline_result *ret_result)
{
    struct worker model = {.place = *place, .baseline = baseline};
    struct worker once = model;
    struct baseline_result best = {0};

    if (run_statements(&once, baseline->set_up) != 0)
        return -1;
    for (int i = 0; i < BASELINE_TRIED_MAX && baseline->tried[i] != 0; i++) {
        struct baseline_result result;

        if (run_with(baseline->tried[i], &model, seconds, &result) != 0)
            return -1;
        fprintf(stderr, "bench: %s, %d connections: %.0f orders/s\n", baseline->name, result.connections,
                result.orders_per_s);
        if (result.orders_per_s > best.orders_per_s)
            best = result;
    }
    *ret_result = best;
    return run_statements(&once, baseline->clear_up);
}
