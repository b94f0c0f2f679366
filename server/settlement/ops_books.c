/* Reading lines, entries, postings and transfers; see ops_books.h. Accounts: ops_balances.c. */
#include "settlement/ops_books.h"

#include <string.h>

#include "base/id.h"

/* The entries of a line among those of many, which stand in order. */
static void give_entries(struct clearing *line, const struct clearing_entry_row *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (entries[i].order_id == line->row.order_id && entries[i].line_no == line->row.line_no) {
            line->entries = line->n_entries == 0 ? &entries[i] : line->entries;
            line->n_entries++;
        }
}

/* An order has few lines: they are read at once, and the page is cut out of them. */
static bool take_lines(struct batch *batch, struct list_clearings *c, const struct clearing_row *rows, size_t n,
                       const struct clearing_entry_row *entries, size_t n_entries)
{
    bool is_found = false;

    c->lines = arena_array_of(batch->arena, struct clearing, n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].order_id != c->order_id || rows[i].biz_id != c->command.biz_id)
            continue;
        is_found = true;
        if (rows[i].line_no <= c->list.page.after_id || c->n > (size_t)c->list.page.size)
            continue;
        c->lines[c->n].row = rows[i];
        give_entries(&c->lines[c->n++], entries, n_entries);
    }
    return is_found;
}

static int list_clearings_body(struct batch *batch, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct clearing_row *rows = NULL;
    struct clearing_entry_row *entries = NULL;
    size_t n = 0;
    size_t n_entries = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        order_ids[i] = ((const struct list_clearings *)(const void *)batch->commands[i])->order_id;
    rc = clearing_store_find_of_orders(batch->tx, order_ids, batch->n, batch->arena, &rows, &n, err);
    if (rc == 0)
        rc = clearing_store_find_entries(batch->tx, order_ids, batch->n, batch->arena, &entries, &n_entries, err);
    if (rc != 0)
        return rc;
    for_each_command(struct list_clearings, c, batch) if (!take_lines(batch, c, rows, n, entries, n_entries))
        command_refuse(&c->command, ERR_CLEARING_NOT_FOUND, id_show(ID_ORDER, c->order_id));
    return 0;
}

static int list_entries_of(struct batch *batch, struct list_entries *c, struct err *err)
{
    const struct settlement_key key = {.id = c->partner_id, .biz_id = c->command.biz_id};
    struct entry_range range = {.biz_id = c->command.biz_id,
                                .partner_id = c->partner_id,
                                .statement_id = c->statement_id,
                                .after_id = c->list.page.after_id,
                                .payable_before_ms = INT64_MAX,
                                .limit = c->list.page.size + 1};
    struct partner_row *partners = NULL;
    size_t n = 0;
    int rc;

    memcpy(range.currency, c->currency, CURRENCY_SIZE);
    rc = settlement_store_find_partners(batch->tx, &key, 1, batch->arena, &partners, &n, err);
    if (rc != 0)
        return rc;
    if (n == 0) {
        command_refuse(&c->command, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, c->partner_id));
        return 0;
    }
    return clearing_store_list_entries(batch->tx, &range, batch->arena, &c->rows, &c->n, err);
}

static int list_entries_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_entries, c, batch)
    {
        rc = list_entries_of(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int list_postings_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_postings, c, batch)
    {
        c->account.biz_id = c->command.biz_id;
        rc = ledger_store_list_postings(batch->tx, &c->account, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static void take_transfer(struct get_transfer *c, const struct transfer_row *rows, size_t n,
                          struct posting_row *postings, size_t n_postings)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].transfer_id == c->transfer_id && rows[i].biz_id == c->command.biz_id)
            c->row = rows[i];
    if (c->row.transfer_id == 0) {
        command_refuse(&c->command, ERR_TRANSFER_NOT_FOUND, id_show(ID_TRANSFER, c->transfer_id));
        return;
    }
    for (size_t i = 0; i < n_postings; i++)
        if (postings[i].transfer_id == c->transfer_id) {
            c->postings = c->n_postings == 0 ? &postings[i] : c->postings;
            c->n_postings++;
        }
}

static int get_transfer_body(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct transfer_row *rows = NULL;
    struct posting_row *postings = NULL;
    size_t n = 0;
    size_t n_postings = 0;
    int rc;

    for_each_command(struct get_transfer, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->transfer_id, .biz_id = c->command.biz_id};
    rc = ledger_store_find_transfers(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    for (size_t i = 0; i < n; i++)
        ids[i] = rows[i].transfer_id;
    if (rc == 0)
        rc = ledger_store_find_postings(batch->tx, ids, n, batch->arena, &postings, &n_postings, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_transfer, c, batch) take_transfer(c, rows, n, postings, n_postings);
    return 0;
}

struct batch_plan list_clearings_plan = {
    .name = "settlement.list_clearings", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_clearings_body};
struct batch_plan list_entries_plan = {
    .name = "settlement.list_entries", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_entries_body};
struct batch_plan list_postings_plan = {
    .name = "settlement.list_postings", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_postings_body};
struct batch_plan get_transfer_plan = {
    .name = "settlement.get_transfer", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_transfer_body};
