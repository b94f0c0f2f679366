/* Moving money by hand; see ops_adjustment.h. */
#include "settlement/ops_adjustment.h"

#include <string.h>

#include "base/id.h"
#include "settlement/rules.h"
#include "settlement/store_clearing.h"

enum { POSTINGS_OF_ONE = 4 };

static const struct partner_row *find(const struct partner_row *rows, size_t n, const struct adjustment_row *row,
                                      int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].partner_id == row->partner_id && rows[i].biz_id == biz_id)
            return &rows[i];
    return NULL;
}

static void check_conversion(struct create_adjustment *c)
{
    const struct adjustment_row *row = &c->row;
    char from[MONEY_TEXT_SIZE];
    char to[MONEY_TEXT_SIZE];

    if (conversion_check(row->amount_minor, row->currency, row->to_amount_minor, row->to_currency, row->rate) != 0)
        command_refuse(&c->command, ERR_CONVERSION_RATE,
                       money_text(money_of(row->to_amount_minor, row->to_currency), to),
                       money_text(money_of(row->amount_minor, row->currency), from), row->rate);
}

/* In the order of the contract. */
static void check(struct create_adjustment *c, const struct partner_row *partner)
{
    const struct adjustment_row *row = &c->row;

    if (row->kind == ADJUSTMENT_CONVERSION)
        check_conversion(c);
    else if (row->partner_id != 0 && partner == NULL)
        command_refuse(&c->command, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, row->partner_id));
    else if (partner != NULL && strcmp(partner->currency, row->currency) != 0)
        command_refuse(&c->command, ERR_CURRENCY_MISMATCH, row->currency, partner->currency);
    else if (row->channel_account_id != 0 && !c->has_channel_account)
        command_refuse(&c->command, ERR_CHANNEL_ACCOUNT_NOT_FOUND,
                       id_show(ID_CHANNEL_ACCOUNT, row->channel_account_id));
}

static void fill(struct transfer *transfer, const struct adjustment_row *row)
{
    const int64_t amount_minor = row->amount_minor;

    switch ((enum adjustment_kind)row->kind) {
    case ADJUSTMENT_PARTNER_CREDIT:
        transfer_debit(transfer, ACCOUNT_PLATFORM_REVENUE, 0, amount_minor);
        transfer_credit(transfer, ACCOUNT_PARTNER_PAYABLE, row->partner_id, amount_minor);
        break;
    case ADJUSTMENT_PARTNER_DEBIT:
        transfer_debit(transfer, ACCOUNT_PARTNER_PAYABLE, row->partner_id, amount_minor);
        transfer_credit(transfer, ACCOUNT_PLATFORM_REVENUE, 0, amount_minor);
        break;
    case ADJUSTMENT_PROMOTION:
        transfer_debit(transfer, ACCOUNT_PROMOTION_COST, 0, amount_minor);
        transfer_credit(transfer, ACCOUNT_PARTNER_PAYABLE, row->partner_id, amount_minor);
        break;
    case ADJUSTMENT_CHANNEL_PAID:
        transfer_debit(transfer, ACCOUNT_CASH, 0, amount_minor);
        transfer_credit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, row->channel_account_id, amount_minor);
        break;
    case ADJUSTMENT_CONVERSION:
        transfer_debit(transfer, ACCOUNT_CONVERSION, 0, amount_minor);
        transfer_credit(transfer, ACCOUNT_CASH, 0, amount_minor);
        memcpy(transfer->currency, row->to_currency, CURRENCY_SIZE);
        transfer_debit(transfer, ACCOUNT_CASH, 0, row->to_amount_minor);
        transfer_credit(transfer, ACCOUNT_CONVERSION, 0, row->to_amount_minor);
        break;
    }
}

static struct clearing_entry_row entry_of(const struct adjustment_row *row)
{
    struct clearing_entry_row entry = {
        .entry_id = id_new(id_route(row->biz_id, "")),
        .biz_id = row->biz_id,
        .partner_id = row->partner_id,
        .kind = ENTRY_ADJUSTMENT,
        .state = ENTRY_CLEARED,
        .amount_minor = row->kind == ADJUSTMENT_PARTNER_DEBIT ? -row->amount_minor : row->amount_minor,
        .source_id = row->adjustment_id,
        .payable_time_ms = row->create_time_ms,
        .create_time_ms = row->create_time_ms,
    };

    memcpy(entry.currency, row->currency, CURRENCY_SIZE);
    return entry;
}

/* Everything that one batch writes. */
struct work {
    struct adjustment_row *rows;
    size_t n;
    struct clearing_entry_row *entries;
    size_t n_entries;
    struct transfers transfers;
};

static void move(struct batch *batch, struct create_adjustment *c, struct work *work)
{
    struct adjustment_row *row = &c->row;
    struct transfer head = {.biz_id = c->command.biz_id, .kind = TRANSFER_ADJUSTMENT, .note = c->reason};

    row->adjustment_id = id_new(id_route(c->command.biz_id, ""));
    row->biz_id = c->command.biz_id;
    row->actor = c->command.actor;
    row->create_time_ms = batch->now_ms;
    work->rows[work->n++] = *row;
    if (row->partner_id != 0)
        work->entries[work->n_entries++] = entry_of(row);
    head.source_id = row->adjustment_id;
    memcpy(head.currency, row->currency, CURRENCY_SIZE);
    fill(transfer_begin(&work->transfers, &head, POSTINGS_OF_ONE, batch->arena), row);
}

/* What was posted, as it is kept, for the replies. */
static int read_back(struct batch *batch, const struct transfers *transfers, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, transfers->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, transfers->n);
    struct transfer_row *rows = NULL;
    struct posting_row *postings = NULL;
    size_t n = 0;
    size_t n_postings = 0;
    int rc;

    for (size_t i = 0; i < transfers->n; i++) {
        ids[i] = transfers->list[i].transfer_id;
        keys[i] = (struct settlement_key){.id = ids[i], .biz_id = transfers->list[i].biz_id};
    }
    rc = ledger_store_find_transfers(batch->tx, keys, transfers->n, batch->arena, &rows, &n, err);
    if (rc == 0)
        rc = ledger_store_find_postings(batch->tx, ids, transfers->n, batch->arena, &postings, &n_postings, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_adjustment, c, batch)
    {
        for (size_t i = 0; i < n; i++)
            if (rows[i].source_id == c->row.adjustment_id)
                c->transfer = rows[i];
        for (size_t i = 0; i < n_postings; i++)
            if (postings[i].transfer_id == c->transfer.transfer_id) {
                c->postings = c->n_postings == 0 ? &postings[i] : c->postings;
                c->n_postings++;
            }
    }
    return 0;
}

int settlement_adjust(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    struct work work = {.rows = arena_array_of(batch->arena, struct adjustment_row, batch->n),
                        .entries = arena_array_of(batch->arena, struct clearing_entry_row, batch->n),
                        .transfers = transfers_begin(batch->n, batch->arena)};
    struct partner_row *partners = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct create_adjustment, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->row.partner_id, .biz_id = c->command.biz_id};
    rc = settlement_store_find_partners(batch->tx, keys, batch->n, batch->arena, &partners, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_adjustment, c, batch)
    {
        check(c, find(partners, n, &c->row, c->command.biz_id));
        if (!c->command.is_done)
            move(batch, c, &work);
    }
    rc = adjustment_store_insert(batch->tx, work.rows, work.n, err);
    if (rc == 0)
        rc = clearing_store_insert_entries(batch->tx, work.entries, work.n_entries, err);
    if (rc == 0)
        rc = ledger_post(batch, &work.transfers, err);
    return rc == 0 ? read_back(batch, &work.transfers, err) : rc;
}
