/* Opening, ending and dividing lines; see ops_clearing.h. Refunds: ops_reversal.c. */
#include "settlement/ops_clearing.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "settlement/ops_rule.h"
#include "settlement/rules.h"

int clearing_open(struct batch *batch, struct paid_line *lines, size_t n, struct err *err)
{
    struct sold_line *sold = arena_array_of(batch->arena, struct sold_line, n);
    int64_t *rule_ids = arena_array_of(batch->arena, int64_t, n);
    struct clearing_row *rows = arena_array_of(batch->arena, struct clearing_row, n);
    int rc;

    for (size_t i = 0; i < n; i++)
        sold[i] = (struct sold_line){.biz_id = lines[i].row.biz_id,
                                     .spu_id = lines[i].spu_id,
                                     .sku_id = lines[i].row.sku_id,
                                     .time_ms = batch->now_ms};
    rc = settlement_rules_at(batch, sold, n, rule_ids, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        rows[i] = lines[i].row;
        rows[i].rule_id = rule_ids[i];
        rows[i].state = CLEARING_PENDING;
        rows[i].sale_time_ms = batch->now_ms;
    }
    return clearing_store_insert(batch->tx, rows, n, err);
}

int clearing_end(struct batch *batch, const int64_t *order_ids, size_t n, struct err *err)
{
    return clearing_store_end_orders(batch->tx, order_ids, n, batch->now_ms, batch->arena, err);
}

static int compare_ids(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static int compare_keys(const void *left, const void *right)
{
    return compare_ids(&((const struct settlement_key *)left)->id, &((const struct settlement_key *)right)->id);
}

/* Sorts keys by id and takes out what is twice, and 0. */
static size_t distinct(struct settlement_key *keys, size_t n)
{
    size_t n_distinct = 0;

    if (n > 1)
        qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++)
        if (keys[i].id != 0 && (n_distinct == 0 || keys[n_distinct - 1].id != keys[i].id))
            keys[n_distinct++] = keys[i];
    return n_distinct;
}

/* The rules that the lines were sold under, with what they name; sorted by id. */
struct rulebook {
    struct split_rule_row *rules;
    size_t n_rules;
    struct split_part_row *parts;
    size_t n_parts;
    struct partner_row *partners;
    size_t n_partners;
};

static int compare_rules(const void *left, const void *right)
{
    return compare_ids(&((const struct split_rule_row *)left)->rule_id,
                       &((const struct split_rule_row *)right)->rule_id);
}

static int compare_partners(const void *left, const void *right)
{
    return compare_ids(&((const struct partner_row *)left)->partner_id,
                       &((const struct partner_row *)right)->partner_id);
}

static int load_partners(struct batch *batch, struct rulebook *book, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, book->n_parts + book->n_rules);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < book->n_parts; i++)
        keys[n++] = (struct settlement_key){.id = book->parts[i].partner_id, .biz_id = book->parts[i].biz_id};
    for (size_t i = 0; i < book->n_rules; i++)
        keys[n++] = (struct settlement_key){.id = book->rules[i].remainder_partner_id, .biz_id = book->rules[i].biz_id};
    rc = settlement_store_find_partners(batch->tx, keys, distinct(keys, n), batch->arena, &book->partners,
                                        &book->n_partners, err);
    if (rc == 0 && book->n_partners > 1)
        qsort(book->partners, book->n_partners, sizeof *book->partners, compare_partners);
    return rc;
}

static int load_rulebook(struct batch *batch, const struct clearing_row *rows, size_t n, struct rulebook *ret_book,
                         struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, n);
    struct rulebook book = {0};
    int64_t *ids;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] = (struct settlement_key){.id = rows[i].rule_id, .biz_id = rows[i].biz_id};
    n = distinct(keys, n);
    ids = arena_array_of(batch->arena, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = keys[i].id;
    rc = settlement_store_find_rules(batch->tx, keys, n, batch->arena, &book.rules, &book.n_rules, err);
    if (rc == 0)
        rc = settlement_store_find_parts(batch->tx, ids, n, batch->arena, &book.parts, &book.n_parts, err);
    if (rc == 0 && book.n_rules > 1)
        qsort(book.rules, book.n_rules, sizeof *book.rules, compare_rules);
    if (rc == 0)
        rc = load_partners(batch, &book, err);
    *ret_book = book;
    return rc;
}

static const struct split_rule_row *rule_of(const struct rulebook *book, int64_t rule_id)
{
    const struct split_rule_row wanted = {.rule_id = rule_id};

    return book->n_rules == 0 ? NULL : bsearch(&wanted, book->rules, book->n_rules, sizeof *book->rules, compare_rules);
}

static int compare_parts(const void *left, const void *right)
{
    return compare_ids(&((const struct split_part_row *)left)->rule_id,
                       &((const struct split_part_row *)right)->rule_id);
}

/* The parts of a rule stand together: rules were asked for by ascending id. */
static const struct split_part_row *parts_of(const struct rulebook *book, int64_t rule_id, size_t *ret_n)
{
    const struct split_part_row wanted = {.rule_id = rule_id};
    const struct split_part_row *end = book->parts + book->n_parts;
    const struct split_part_row *first =
        book->n_parts == 0 ? NULL : bsearch(&wanted, book->parts, book->n_parts, sizeof *book->parts, compare_parts);

    *ret_n = 0;
    if (first == NULL)
        return NULL;
    while (first > book->parts && first[-1].rule_id == rule_id)
        first--;
    while (first + *ret_n < end && first[*ret_n].rule_id == rule_id)
        (*ret_n)++;
    return first;
}

static int64_t hold_back_ms(const struct line_division *division, int64_t partner_id)
{
    const struct partner_row wanted = {.partner_id = partner_id};
    const struct partner_row *partner =
        division->n_partners == 0
            ? NULL
            : bsearch(&wanted, division->partners, division->n_partners, sizeof *division->partners, compare_partners);

    return partner != NULL ? partner->hold_back_s * INT64_C(1000) : 0;
}

static void add_entry(const struct line_division *division, const struct share *share, int64_t now_ms,
                      struct new_entries *entries)
{
    const struct clearing_row *row = division->row;
    struct clearing_entry_row *entry = &entries->list[entries->n++];

    *entry = (struct clearing_entry_row){
        .entry_id = id_new(id_route(row->biz_id, "")),
        .biz_id = row->biz_id,
        .partner_id = share->partner_id,
        .order_id = row->order_id,
        .line_no = row->line_no,
        .kind = ENTRY_SALE,
        .state = ENTRY_CLEARED,
        .amount_minor = share->amount_minor,
        .payable_time_ms = now_ms + hold_back_ms(division, share->partner_id),
        .create_time_ms = now_ms,
    };
    memcpy(entry->currency, row->currency, CURRENCY_SIZE);
}

int line_clear(struct batch *batch, const struct line_division *division, struct transfers *transfers,
               struct new_entries *entries, struct err *err)
{
    struct clearing_row *row = division->row;
    const int64_t kept_minor = row->amount_minor - row->refunded_minor;
    const int64_t net_minor = kept_minor > row->fee_minor ? kept_minor - row->fee_minor : 0;
    struct transfer head = {
        .biz_id = row->biz_id, .kind = TRANSFER_CLEARING, .source_id = row->order_id, .source_no = row->line_no};
    struct share shares[SHARES_MAX];
    struct transfer *transfer;
    size_t n = 0;

    PRE(row->state == CLEARING_PENDING);
    if ((row->rule_id != 0 && division->rule == NULL) ||
        split_line(division->rule, division->parts, division->n_parts, net_minor, row->quantity, row->currency, shares,
                   &n) != 0)
        return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies: rules never change */
    memcpy(head.currency, row->currency, CURRENCY_SIZE);
    transfer = transfer_begin(transfers, &head, n + 4, batch->arena);
    transfer_debit(transfer, ACCOUNT_CUSTOMER_LIABILITY, 0, row->amount_minor);
    transfer_credit(transfer, ACCOUNT_REFUNDS, 0, row->refunded_minor);
    transfer_credit(transfer, ACCOUNT_CHANNEL_FEES, row->channel_account_id, row->fee_minor);
    row->platform_minor = 0;
    for (size_t i = 0; i < n; i++) {
        if (shares[i].partner_id == 0) {
            row->platform_minor += shares[i].amount_minor;
        } else if (shares[i].amount_minor > 0) {
            transfer_credit(transfer, ACCOUNT_PARTNER_PAYABLE, shares[i].partner_id, shares[i].amount_minor);
            add_entry(division, &shares[i], batch->now_ms, entries);
        }
    }
    row->fee_left_minor = kept_minor - net_minor;
    transfer_credit(transfer, ACCOUNT_PLATFORM_REVENUE, 0,
                    row->platform_minor - (row->fee_minor - row->fee_left_minor));
    row->state = CLEARING_CLEARED;
    row->clear_time_ms = batch->now_ms;
    row->due_time_ms = 0;
    return 0;
}

/* Divides the lines by what the book holds of their rules. */
static int clear_lines(struct batch *batch, const struct rulebook *book, struct clearing_row *rows, size_t n,
                       struct transfers *transfers, struct new_entries *entries, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        struct line_division division = {.row = &rows[i],
                                         .rule = rule_of(book, rows[i].rule_id),
                                         .partners = book->partners,
                                         .n_partners = book->n_partners};

        division.parts = parts_of(book, rows[i].rule_id, &division.n_parts);
        rc = line_clear(batch, &division, transfers, entries, err);
    }
    return rc;
}

static size_t keep_due(struct clearing_row *rows, size_t n, int64_t now_ms)
{
    size_t n_due = 0;

    for (size_t i = 0; i < n; i++)
        if (rows[i].state == CLEARING_PENDING && rows[i].due_time_ms > 0 && rows[i].due_time_ms <= now_ms)
            rows[n_due++] = rows[i];
    return n_due;
}

static int clear_order_body(struct batch *batch, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct clearing_row *rows = NULL;
    struct rulebook book;
    struct new_entries entries = {0};
    struct transfers transfers;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        order_ids[i] = ((struct clear_order *)(void *)batch->commands[i])->order_id;
    qsort(order_ids, batch->n, sizeof *order_ids, compare_ids);
    rc = clearing_store_lock_of_orders(batch->tx, order_ids, batch->n, batch->arena, &rows, &n, err);
    if (rc == 0)
        rc = failpoint_step("clear_order.locked", err);
    if (rc != 0)
        return rc;
    n = keep_due(rows, n, batch->now_ms);
    rc = load_rulebook(batch, rows, n, &book, err);
    if (rc != 0)
        return rc;
    entries.list = arena_array_of(batch->arena, struct clearing_entry_row, n + n * book.n_parts);
    transfers = transfers_begin(n, batch->arena);
    rc = clear_lines(batch, &book, rows, n, &transfers, &entries, err);
    if (rc == 0)
        rc = clearing_store_move(batch->tx, rows, n, err);
    if (rc == 0)
        rc = failpoint_step("clear_order.moved", err);
    if (rc == 0)
        rc = clearing_store_insert_entries(batch->tx, entries.list, entries.n, err);
    if (rc == 0)
        rc = failpoint_step("clear_order.entered", err);
    if (rc == 0)
        rc = ledger_post(batch, &transfers, err);
    return rc;
}

struct batch_plan clear_order_plan = {
    .name = "settlement.clear",
    .home = MODULE_SETTLEMENT,
    .body = clear_order_body,
};
