/* The baselines procedure and packet; see baseline.h: one trip to the database an order, by two ways. */
#include <stdio.h>
#include <string.h>

#include "bench/baseline.h"

#define ORDER_COLUMNS                                                                                              \
    "order_id, biz_id, user_id, request_id, fingerprint, state, close_reason, version, currency, amount_minor, "   \
    "line_count, quote_id, payment_id, due_time_ms, create_time_ms, update_time_ms, pay_time_ms, fulfil_time_ms, " \
    "complete_time_ms, created_by, labels"

static const char *const set_up[] = {
    "CREATE OR REPLACE DATABASE bmt_bench",
    "CREATE PROCEDURE bmt_bench.place_order(o BIGINT, b BIGINT, s BIGINT, n BIGINT, u VARCHAR(64), "
    "    r VARBINARY(64))\n"
    "BEGIN\n"
    "    START TRANSACTION;\n"
    "    INSERT INTO bmt_order.orders (" ORDER_COLUMNS ")\n"
    "    VALUES (o, b, u, r, REPEAT('0', 16), 1, 0, 1, 'EUR', 990, 1, 0, 0, n + 900000, n, n, 0, 0, 0, 'bench', '');\n"
    "    INSERT INTO bmt_order.order_lines (order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity,\n"
    "                                       unit_minor, amount_minor)\n"
    "    VALUES (o, 1, b, s, 1, 1, 'membership', 1, 990, 990);\n"
    "    INSERT INTO bmt_product.stock_holds (order_id, sku_id, biz_id, quantity, state, create_time_ms,\n"
    "                                         update_time_ms)\n"
    "    VALUES (o, s, b, 1, 1, n, n);\n"
    "    UPDATE bmt_product.stocks SET available = available - 1, held = held + 1, version = version + 1\n"
    "    WHERE sku_id = s AND biz_id = b AND available >= 1;\n"
    "    COMMIT;\n"
    "END",
    NULL,
};
static const char *const clear_up[] = {"DROP DATABASE bmt_bench", NULL};

static int prepare_call(struct worker *worker)
{
    return worker_prepare(worker, 0, "CALL bmt_bench.place_order(?, ?, ?, ?, ?, ?)");
}

static int call(struct worker *worker)
{
    struct order_draw draw;
    MYSQL_STMT *stmt = worker->statements[0];

    worker_draw(worker, &draw);
    MYSQL_BIND binds[] = {bind_i64(&draw.order_id),
                          bind_i64(&draw.biz_id),
                          bind_i64(&draw.sku_id),
                          bind_i64(&draw.now),
                          bind_text(draw.user, &draw.user_size),
                          bind_text(draw.request, &draw.request_size)};

    if (mysql_stmt_bind_param(stmt, binds) != 0 || mysql_stmt_execute(stmt) != 0)
        return worker_fail(worker, "could not call", mysql_stmt_error(stmt));
    while (mysql_stmt_next_result(stmt) == 0)
        continue;
    return 0;
}

static int prepare_nothing(struct worker *worker)
{
    (void)worker;
    return 0;
}

/* All in one text, so that only one trip is paid for. */
static int send_packet(struct worker *worker)
{
    struct order_draw draw;
    char text[2048];
    int rc;

    worker_draw(worker, &draw);
    const long long o = draw.order_id, b = draw.biz_id, s = draw.sku_id, n = draw.now;
    const int size = snprintf(
        text, sizeof text,
        "INSERT INTO bmt_order.orders (" ORDER_COLUMNS ") VALUES (%lld, %lld, '%s', '%s', REPEAT('0', 16), 1, 0, 1, "
        "'EUR', 990, 1, 0, 0, %lld, %lld, %lld, 0, 0, 0, 'bench', '');"
        "INSERT INTO bmt_order.order_lines (order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, "
        "unit_minor, amount_minor) VALUES (%lld, 1, %lld, %lld, 1, 1, 'membership', 1, 990, 990);"
        "INSERT INTO bmt_product.stock_holds (order_id, sku_id, biz_id, quantity, state, create_time_ms, "
        "update_time_ms) VALUES (%lld, %lld, %lld, 1, 1, %lld, %lld);"
        "UPDATE bmt_product.stocks SET available = available - 1, held = held + 1, version = version + 1 "
        "WHERE sku_id = %lld AND biz_id = %lld AND available >= 1;"
        "COMMIT",
        o, b, draw.user, draw.request, n + 900000, n, n, o, b, s, o, s, b, n, n, s, b);

    if (mysql_real_query(worker->connection, text, (unsigned long)size) != 0)
        return worker_fail(worker, "could not write", mysql_error(worker->connection));
    while ((rc = mysql_next_result(worker->connection)) == 0)
        continue;
    return rc < 0 ? 0 : worker_fail(worker, "could not write", mysql_error(worker->connection));
}

const struct baseline baseline_procedure = {.name = "procedure",
                                            .tried = {64},
                                            .orders_a_turn = 1,
                                            .set_up = set_up,
                                            .clear_up = clear_up,
                                            .prepare = prepare_call,
                                            .turn = call};
const struct baseline baseline_packet = {
    .name = "packet", .tried = {1}, .orders_a_turn = 1, .prepare = prepare_nothing, .turn = send_packet};
