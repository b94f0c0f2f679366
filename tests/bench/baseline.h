/*
 * What the server is measured against: bare programs that write the rows of CreateOrder (order, line, hold, stock),
 * durably, without gRPC. They price nothing, check nothing and answer nobody: each is kinder to itself than the server
 * can be.
 *
 *   one-tx       prepared statements, one transaction an order; the best of 8, 32 and 64 connections
 *   procedure    one call of a stored procedure an order; 64 connections
 *   bare-batch   128 orders a transaction by bulk binding; 2 connections
 *   packet       one packet of several statements an order; 1 connection: how soon a single order can be durable
 */
#ifndef BMT_TESTS_BENCH_BASELINE_H
#define BMT_TESTS_BENCH_BASELINE_H

#include <mysql.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/samples.h"

/* Whose orders, of which SKUs, where. */
struct baseline_place {
    const char *db_socket;
    int64_t biz_id;
    const int64_t *sku_ids;
    size_t n_skus;
};

struct baseline_result {
    int connections; /* the best of those tried */
    double orders_per_s;
    double p50_ms;
    double p99_ms;
};

enum { BASELINE_STATEMENTS = 4, BASELINE_TRIED_MAX = 3 };

/* A thread with its own connection, statements and ids. */
struct worker {
    struct baseline_place place;
    int number;
    MYSQL *connection;
    MYSQL_STMT *statements[BASELINE_STATEMENTS];
    uint64_t sequence;
    struct samples samples;
    char problem[256]; /* empty: none */
    const struct baseline *baseline;
    const atomic_bool *is_over;
    void *memory; /* the baseline's own; freed with the worker */
};

struct baseline {
    const char *name;
    int tried[BASELINE_TRIED_MAX]; /* numbers of connections; 0: no more */
    int orders_a_turn;
    const char *const *set_up; /* run once, before and after all; NULL: nothing; each list ends with NULL */
    const char *const *clear_up;
    int (*prepare)(struct worker *worker);
    int (*turn)(struct worker *worker);
};

extern const struct baseline baseline_one_tx;
extern const struct baseline baseline_procedure;
extern const struct baseline baseline_bare_batch;
extern const struct baseline baseline_packet;

/* Runs each number of connections for `seconds`. 0, or -1 after a line on stderr. */
int baseline_run(const struct baseline *baseline, const struct baseline_place *place, double seconds,
                 struct baseline_result *ret_result);

/* For the baselines themselves. All return 0, or -1 with worker->problem set. */
int worker_fail(struct worker *worker, const char *what, const char *why);
int worker_prepare(struct worker *worker, int statement, const char *text);
int worker_run(struct worker *worker, int statement, MYSQL_BIND *binds, uint64_t affected);

/* What one order's rows are made of; ids are time-ordered and carry the thread's number where ours carry the replica.
 */
struct order_draw {
    int64_t order_id;
    int64_t biz_id;
    int64_t sku_id;
    int64_t now;
    int64_t due;
    char user[32];
    char request[48];
    char fingerprint[16];
    unsigned long user_size;
    unsigned long request_size;
    unsigned long fingerprint_size;
};
void worker_draw(struct worker *worker, struct order_draw *ret_draw);

MYSQL_BIND bind_i64(int64_t *value);
MYSQL_BIND bind_text(char *text, unsigned long *size);

/* The texts that one-tx and bare-batch prepare: order, line, hold; their binds in this order of fields. */
extern const char *const baseline_inserts[3];

#endif
