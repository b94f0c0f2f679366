/*
 * Throughput as orders gather: measured with none, and again each time that a third more are there. What lies between
 * is made by BatchCreateOrders, sixteen a call; like all others these are orders that wait for their payment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/database.h"
#include "bench/report.h"
#include "bench/shop.h"

enum { STEPS = 3, CALLERS = 256, FILLERS = 64, EXPIRE_IN_S = 86400 };

static void refuse_errors(const struct load_result *result)
{
    if (result->errors == 0)
        return;
    fprintf(stderr, "bench: growth had errors: %s\n", result->first_error);
    exit(1);
}

static int64_t orders_in(MYSQL *db)
{
    return database_ask(db, "SELECT COUNT(*) FROM bmt_order.orders");
}

static void grow_to(const struct bench *bench, MYSQL *db, int64_t wanted)
{
    const int64_t missing = wanted - orders_in(db);
    struct load_result result;

    if (missing <= 0)
        return;
    load_run_count(bench->client, &load_batch_create, FILLERS,
                   (missing + SHOP_ORDERS_A_BATCH - 1) / SHOP_ORDERS_A_BATCH, &result);
    refuse_errors(&result);
    fprintf(stderr, "    %lld orders are there; the last ones came at %.0f a second\n", (long long)orders_in(db),
            result.calls_per_s * SHOP_ORDERS_A_BATCH);
}

void bench_growth(const struct bench *bench)
{
    MYSQL *db = database_open();
    double none = 0;

    shop_orders_expire_in(EXPIRE_IN_S); /* later than the last one is made */
    for (int64_t step = 0; step <= STEPS; step++) {
        struct load_result result;
        struct usage before;
        struct usage after;
        struct figure figure = {
            .name = "growth", .param = "orders", .unit = "1/s", .load = &result, .before = &before, .after = &after};

        grow_to(bench, db, bench->growth * step / STEPS);
        figure.param_value = (double)orders_in(db);
        usage_read(&before);
        load_run(bench->client, &load_create_order, CALLERS, bench->seconds, &result);
        usage_read(&after);
        figure.value = result.calls_per_s;
        figure.p50_ms = result.p50_ms;
        figure.p99_ms = result.p99_ms;
        if (step == 0)
            none = figure.value;
        else
            figure.ratios[0] = (struct ratio){"none", none};
        report(&figure, bench->is_json);
        refuse_errors(&result);
    }
    mysql_close(db);
}
