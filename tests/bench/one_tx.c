/* The baseline one-tx; see baseline.h. */
#include "bench/baseline.h"

static int prepare(struct worker *worker)
{
    static const char *const stock =
        "UPDATE bmt_product.stocks SET available = available - 1, held = held + 1, version = version + 1 "
        "WHERE sku_id = ? AND biz_id = ? AND available >= 1";
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++)
        rc = worker_prepare(worker, i, baseline_inserts[i]);
    return rc == 0 ? worker_prepare(worker, 3, stock) : rc;
}

static int place_order(struct worker *worker)
{
    struct order_draw draw;

    worker_draw(worker, &draw);
    MYSQL_BIND order[] = {bind_i64(&draw.order_id),
                          bind_i64(&draw.biz_id),
                          bind_text(draw.user, &draw.user_size),
                          bind_text(draw.request, &draw.request_size),
                          bind_text(draw.fingerprint, &draw.fingerprint_size),
                          bind_i64(&draw.due),
                          bind_i64(&draw.now),
                          bind_i64(&draw.now)};
    MYSQL_BIND line[] = {bind_i64(&draw.order_id), bind_i64(&draw.biz_id), bind_i64(&draw.sku_id)};
    MYSQL_BIND hold[] = {bind_i64(&draw.order_id), bind_i64(&draw.sku_id), bind_i64(&draw.biz_id), bind_i64(&draw.now),
                         bind_i64(&draw.now)};
    MYSQL_BIND stock[] = {bind_i64(&draw.sku_id), bind_i64(&draw.biz_id)};

    if (worker_run(worker, 0, order, 1) != 0 || worker_run(worker, 1, line, 1) != 0 ||
        worker_run(worker, 2, hold, 1) != 0 || worker_run(worker, 3, stock, 1) != 0)
        return -1;
    return mysql_commit(worker->connection) == 0
               ? 0
               : worker_fail(worker, "could not commit", mysql_error(worker->connection));
}

const struct baseline baseline_one_tx = {
    .name = "one-tx", .tried = {8, 32, 64}, .orders_a_turn = 1, .prepare = prepare, .turn = place_order};
