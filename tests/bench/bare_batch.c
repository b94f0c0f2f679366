/* The baseline bare-batch; see baseline.h. What is left of a group when nobody asks for it one by one. */
#include <stdlib.h>

#include "bench/baseline.h"

enum { GROUP = 128 };

/* One group's rows, and the units that it takes of each SKU, in the order of their ids: two groups lock alike. */
struct group {
    struct order_draw draws[GROUP];
    struct taken {
        int64_t sku_id;
        int64_t biz_id;
        int64_t units;
    } taken[GROUP];
    unsigned n_taken;
};

static int prepare(struct worker *worker)
{
    static const char *const stock =
        "UPDATE bmt_product.stocks SET available = available - ?, held = held + ?, version = version + 1 "
        "WHERE sku_id = ? AND biz_id = ? AND available >= ?";
    int rc = 0;

    worker->memory = calloc(1, sizeof(struct group));
    if (worker->memory == NULL)
        return worker_fail(worker, "could not prepare", "out of memory");
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = worker_prepare(worker, i, baseline_inserts[i]);
    return rc == 0 ? worker_prepare(worker, 3, stock) : rc;
}

static int compare(const void *left, const void *right)
{
    const struct taken *a = left;
    const struct taken *b = right;

    return (a->sku_id > b->sku_id) - (a->sku_id < b->sku_id);
}

static void merge_taken(struct group *group)
{
    for (unsigned i = 0; i < GROUP; i++)
        group->taken[i] = (struct taken){group->draws[i].sku_id, group->draws[i].biz_id, 1};
    qsort(group->taken, GROUP, sizeof group->taken[0], compare);
    group->n_taken = 0;
    for (unsigned i = 0; i < GROUP; i++)
        if (group->n_taken > 0 && group->taken[group->n_taken - 1].sku_id == group->taken[i].sku_id)
            group->taken[group->n_taken - 1].units++;
        else
            group->taken[group->n_taken++] = group->taken[i];
}

/* The statement for all rows at once, `size` bytes apart. */
static int run_all(struct worker *worker, int statement, MYSQL_BIND *binds, unsigned n, size_t size)
{
    mysql_stmt_attr_set(worker->statements[statement], STMT_ATTR_ARRAY_SIZE, &n);
    mysql_stmt_attr_set(worker->statements[statement], STMT_ATTR_ROW_SIZE, &size);
    return worker_run(worker, statement, binds, n);
}

static int place_group(struct worker *worker)
{
    struct group *group = worker->memory;
    struct order_draw *first = group->draws;
    struct taken *taken = group->taken;

    for (unsigned i = 0; i < GROUP; i++)
        worker_draw(worker, &group->draws[i]);
    merge_taken(group);
    MYSQL_BIND order[] = {bind_i64(&first->order_id),
                          bind_i64(&first->biz_id),
                          bind_text(first->user, &first->user_size),
                          bind_text(first->request, &first->request_size),
                          bind_text(first->fingerprint, &first->fingerprint_size),
                          bind_i64(&first->due),
                          bind_i64(&first->now),
                          bind_i64(&first->now)};
    MYSQL_BIND line[] = {bind_i64(&first->order_id), bind_i64(&first->biz_id), bind_i64(&first->sku_id)};
    MYSQL_BIND hold[] = {bind_i64(&first->order_id), bind_i64(&first->sku_id), bind_i64(&first->biz_id),
                         bind_i64(&first->now), bind_i64(&first->now)};
    MYSQL_BIND stock[] = {bind_i64(&taken->units), bind_i64(&taken->units), bind_i64(&taken->sku_id),
                          bind_i64(&taken->biz_id), bind_i64(&taken->units)};

    if (run_all(worker, 0, order, GROUP, sizeof *first) != 0 || run_all(worker, 1, line, GROUP, sizeof *first) != 0 ||
        run_all(worker, 2, hold, GROUP, sizeof *first) != 0 ||
        run_all(worker, 3, stock, group->n_taken, sizeof *taken) != 0)
        return -1;
    return mysql_commit(worker->connection) == 0
               ? 0
               : worker_fail(worker, "could not commit", mysql_error(worker->connection));
}

const struct baseline baseline_bare_batch = {
    .name = "bare-batch", .tried = {2}, .orders_a_turn = GROUP, .prepare = prepare, .turn = place_group};
