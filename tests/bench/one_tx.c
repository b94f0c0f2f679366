/*
 * See one_tx.h. Each thread owns a connection, its prepared statements and its ids; ids are time-ordered and carry the
 * thread's number where ours carry the replica, so the tables grow as they do under the server.
 *
 * Not here: prices, limits and replies; the baseline is kinder to itself than the server is.
 */
#include "bench/one_tx.h"

#include <errmsg.h>
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/samples.h"

enum { THREADS_MAX = 64, STATEMENTS = 4 };

static const char *const texts[STATEMENTS] = {
    "INSERT INTO bmt_order.orders (order_id, biz_id, user_id, request_id, fingerprint, state, close_reason, version, "
    "currency, amount_minor, line_count, quote_id, payment_id, due_time_ms, create_time_ms, update_time_ms, "
    "pay_time_ms, fulfil_time_ms, complete_time_ms, created_by, labels) "
    "VALUES (?, ?, ?, ?, ?, 1, 0, 1, 'EUR', 990, 1, 0, 0, ?, ?, ?, 0, 0, 0, 'bench', '')",
    "INSERT INTO bmt_order.order_lines (order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, "
    "unit_minor, amount_minor) VALUES (?, 1, ?, ?, 1, 1, 'membership', 1, 990, 990)",
    "UPDATE bmt_product.stocks SET available = available - 1, held = held + 1, version = version + 1 "
    "WHERE sku_id = ? AND biz_id = ? AND available >= 1",
    "INSERT INTO bmt_product.stock_holds (order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms) "
    "VALUES (?, ?, ?, 1, 1, ?, ?)",
};

struct worker {
    pthread_t thread;
    const char *db_socket;
    int64_t biz_id;
    const int64_t *sku_ids;
    size_t n_skus;
    int number;
    const atomic_bool *is_over;
    struct samples samples;
    const char *problem;
    char problem_text[256];

    MYSQL *connection;
    MYSQL_STMT *statements[STATEMENTS];
    uint64_t sequence;
};

static int fail(struct worker *worker, const char *what, const char *why)
{
    snprintf(worker->problem_text, sizeof(worker->problem_text), "%s: %s", what, why);
    worker->problem = worker->problem_text;
    return -1;
}

static int connect_worker(struct worker *worker)
{
    worker->connection = mysql_init(NULL);
    if (mysql_real_connect(worker->connection, NULL, "root", NULL, NULL, 0, worker->db_socket, CLIENT_FOUND_ROWS) ==
        NULL)
        return fail(worker, "could not connect", mysql_error(worker->connection));

    if (mysql_query(worker->connection, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") != 0 ||
        mysql_autocommit(worker->connection, 0) != 0)
        return fail(worker, "could not set up the session", mysql_error(worker->connection));

    for (int i = 0; i < STATEMENTS; i++) {
        worker->statements[i] = mysql_stmt_init(worker->connection);
        if (mysql_stmt_prepare(worker->statements[i], texts[i], strlen(texts[i])) != 0)
            return fail(worker, "could not prepare", mysql_stmt_error(worker->statements[i]));
    }
    return 0;
}

static MYSQL_BIND bind_i64(int64_t *value)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = value};
}

static MYSQL_BIND bind_text(char *text, size_t size)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = size};
}

static int run(struct worker *worker, int statement, MYSQL_BIND *binds)
{
    MYSQL_STMT *stmt = worker->statements[statement];

    if (mysql_stmt_bind_param(stmt, binds) != 0 || mysql_stmt_execute(stmt) != 0)
        return fail(worker, "could not write", mysql_stmt_error(stmt));

    return mysql_stmt_affected_rows(stmt) == 1 ? 0 : fail(worker, "could not write", "not one row changed");
}

static int place_order(struct worker *worker)
{
    int64_t now = clock_wall_ms();
    int64_t due = now + 900000;
    uint64_t drawn = worker->sequence++;
    int64_t order_id =
        ((now - INT64_C(1704067200000)) << 22) | ((int64_t)worker->number << 16) | (int64_t)(drawn & 0xffff);
    int64_t biz_id = worker->biz_id;
    int64_t sku_id = worker->sku_ids[(drawn * 31 + (uint64_t)worker->number * 7) % worker->n_skus];
    char user[32], request[48], fingerprint[16];
    size_t user_size = (size_t)snprintf(user, sizeof(user), "user-%d-%d", worker->number, (int)(drawn % 1000));
    size_t request_size = (size_t)snprintf(request, sizeof(request), "one-%d-%lld-%llu", worker->number, (long long)now,
                                           (unsigned long long)drawn);
    memset(fingerprint, worker->number, sizeof(fingerprint));

    MYSQL_BIND order[] = {bind_i64(&order_id),
                          bind_i64(&biz_id),
                          bind_text(user, user_size),
                          bind_text(request, request_size),
                          bind_text(fingerprint, sizeof(fingerprint)),
                          bind_i64(&due),
                          bind_i64(&now),
                          bind_i64(&now)};
    MYSQL_BIND line[] = {bind_i64(&order_id), bind_i64(&biz_id), bind_i64(&sku_id)};
    MYSQL_BIND stock[] = {bind_i64(&sku_id), bind_i64(&biz_id)};
    MYSQL_BIND hold[] = {bind_i64(&order_id), bind_i64(&sku_id), bind_i64(&biz_id), bind_i64(&now), bind_i64(&now)};

    if (run(worker, 0, order) != 0 || run(worker, 1, line) != 0 || run(worker, 3, hold) != 0 ||
        run(worker, 2, stock) != 0)
        return -1;

    return mysql_commit(worker->connection) == 0 ? 0
                                                 : fail(worker, "could not commit", mysql_error(worker->connection));
}

static void *work(void *context)
{
    struct worker *worker = context;

    mysql_thread_init();
    int rc = connect_worker(worker);
    while (rc == 0 && !atomic_load_explicit(worker->is_over, memory_order_relaxed)) {
        int64_t start = clock_steady_ns();
        rc = place_order(worker);
        samples_add(&worker->samples, clock_steady_ns() - start);
    }
    for (int i = 0; i < STATEMENTS; i++)
        if (worker->statements[i] != NULL)
            mysql_stmt_close(worker->statements[i]);
    mysql_close(worker->connection);
    mysql_thread_end();
    return NULL;
}

static void sleep_seconds(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

    nanosleep(&pause, NULL); /* a measurement lasts as long as it lasts; nothing is decided by it */
}

static int run_with(int connections, struct worker model, double seconds, struct one_tx_result *ret_result)
{
    static struct worker workers[THREADS_MAX];
    atomic_bool is_over = false;
    struct samples all = {0};
    int rc = 0;

    int64_t start = clock_steady_ns();
    for (int i = 0; i < connections; i++) {
        workers[i] = model;
        workers[i].number = i;
        workers[i].is_over = &is_over;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    sleep_seconds(seconds);
    atomic_store(&is_over, true);
    for (int i = 0; i < connections; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].problem != NULL) {
            fprintf(stderr, "bench: one-tx %s\n", workers[i].problem_text);
            rc = -1;
        }
        samples_merge(&all, &workers[i].samples);
    }
    double elapsed = (double)(clock_steady_ns() - start) / 1e9;

    *ret_result = (struct one_tx_result){
        .connections = connections,
        .orders_per_s = (double)all.n / elapsed,
        .p50_ms = samples_percentile_ms(&all, 50),
        .p99_ms = samples_percentile_ms(&all, 99),
    };
    samples_free(&all);
    return rc;
}

int one_tx_run(const char *db_socket, int64_t biz_id, const int64_t *sku_ids, size_t n_skus, double seconds,
               struct one_tx_result *ret_result)
{
    static const int tried[] = {8, 32, 64};
    struct worker model = {.db_socket = db_socket, .biz_id = biz_id, .sku_ids = sku_ids, .n_skus = n_skus};
    struct one_tx_result best = {0};

    for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
        struct one_tx_result result;

        if (run_with(tried[i], model, seconds, &result) != 0)
            return -1;

        fprintf(stderr, "bench: one-tx, %d connections: %.0f orders/s\n", tried[i], result.orders_per_s);
        if (result.orders_per_s > best.orders_per_s)
            best = result;
    }
    *ret_result = best;
    return 0;
}
