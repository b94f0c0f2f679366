/*
 * The baseline `one-tx`: a bare program that writes the rows of CreateOrder (order, line, stock, hold) by prepared
 * statements, one durable transaction an order, without gRPC. What batches are worth is measured against it.
 */
#ifndef BMT_TESTS_BENCH_ONE_TX_H
#define BMT_TESTS_BENCH_ONE_TX_H

#include <stddef.h>
#include <stdint.h>

struct one_tx_result {
    int connections; /* the best of 8, 32 and 64 */
    double orders_per_s;
    double p50_ms;
    double p99_ms;
};

/* Runs each number of connections for `seconds` against the SKUs of the business. 0, or -1 after a line on stderr. */
int one_tx_run(const char *db_socket, int64_t biz_id, const int64_t *sku_ids, size_t n_skus, double seconds,
               struct one_tx_result *ret_result);

#endif
