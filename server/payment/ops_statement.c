/* Importing statement files; see ops_statement.h. */
#include "payment/ops_statement.h"

#include <string.h>

#include "base/crypto.h"
#include "base/id.h"
#include "payment/ops.h"
#include "payment/ops_refund.h"
#include "payment/state.h"

/* What the line's object is to us. */
static const char *compare_with(const struct channel_statement_line *line, int state, const char *state_name,
                                int succeeded, int64_t amount_minor, const char *currency, struct arena *arena)
{
    if (amount_minor != line->amount.amount_minor || strcmp(currency, line->amount.currency) != 0)
        return arena_printf(arena, "the channel moved %lld %s, ours says %lld %s", (long long)line->amount.amount_minor,
                            line->amount.currency, (long long)amount_minor, currency);
    if (state != succeeded)
        return arena_printf(arena, "the channel moved the money, ours is %s", state_name);
    return NULL;
}

static const char *compare_payment(const struct channel_statement_line *line, const struct payment_row *rows, size_t n,
                                   int64_t account_id, struct arena *arena)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].payment_id == line->object_id && rows[i].channel_account_id == account_id) {
            const char *explanation = compare_with(line, rows[i].state, fsm_state_name(&payment_fsm, rows[i].state),
                                                   PAYMENT_SUCCEEDED, rows[i].amount_minor, rows[i].currency, arena);

            if (explanation == NULL && rows[i].fee_minor != line->fee_minor)
                explanation =
                    arena_printf(arena, "the channel kept a fee of %lld %s, ours says %lld", (long long)line->fee_minor,
                                 line->amount.currency, (long long)rows[i].fee_minor);
            return explanation;
        }
    return "no payment of this account is known by that id";
}

static const char *compare_refund(const struct channel_statement_line *line, const struct refund_row *rows, size_t n,
                                  int64_t account_id, struct arena *arena)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].refund_id == line->object_id && rows[i].channel_account_id == account_id)
            return compare_with(line, rows[i].state, fsm_state_name(&refund_fsm, rows[i].state), REFUND_SUCCEEDED,
                                rows[i].amount_minor, rows[i].currency, arena);
    return "no refund of this account is known by that id";
}

/* Counts a line that was compared; the first that differ are shown. */
static void note(struct import_statement *c, size_t i, const char *explanation)
{
    c->n_matched += explanation == NULL;
    c->n_differences += explanation != NULL;
    if (explanation != NULL && c->n_shown < STATEMENT_SHOWN_MAX)
        c->shown[c->n_shown++] = (struct statement_difference){
            .line_no = (int32_t)i + 1, .line = &c->statement.lines[i], .explanation = explanation};
}

static int compare(struct batch *batch, struct import_statement *c, struct err *err)
{
    const struct channel_statement *s = &c->statement;
    struct payment_key *payment_keys = arena_array_of(batch->arena, struct payment_key, s->n);
    struct payment_key *refund_keys = arena_array_of(batch->arena, struct payment_key, s->n);
    struct payment_row *payments = NULL;
    struct refund_row *refunds = NULL;
    size_t n_payments = 0;
    size_t n_refunds = 0;
    int rc;

    for (size_t i = 0; i < s->n; i++) {
        const struct payment_key key = {.id = s->lines[i].object_id, .biz_id = c->command.biz_id};

        if (s->lines[i].kind == STATEMENT_PAYMENT)
            payment_keys[n_payments++] = key;
        else if (s->lines[i].kind == STATEMENT_REFUND)
            refund_keys[n_refunds++] = key;
    }
    rc = payment_store_find(batch->tx, payment_keys, n_payments, batch->arena, &payments, &n_payments, err);
    if (rc == 0)
        rc = payment_store_find_refunds(batch->tx, refund_keys, n_refunds, batch->arena, &refunds, &n_refunds, err);
    if (rc != 0)
        return rc;
    c->shown = arena_array_of(batch->arena, struct statement_difference, STATEMENT_SHOWN_MAX);
    c->n_shown = c->n_matched = c->n_differences = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct channel_statement_line *line = &s->lines[i];

        switch (line->kind) {
        case STATEMENT_PAYMENT:
            note(c, i, compare_payment(line, payments, n_payments, c->account_id, batch->arena));
            break;
        case STATEMENT_REFUND: note(c, i, compare_refund(line, refunds, n_refunds, c->account_id, batch->arena)); break;
        case STATEMENT_PAYOUT: /* settlement's rows, which verify compares */
        case STATEMENT_RETURN:
        case STATEMENT_SETTLEMENT: break;
        }
    }
    return 0;
}

static int insert_lines(struct batch *batch, const struct import_statement *c, int64_t statement_id, struct err *err)
{
    const struct channel_statement *s = &c->statement;
    struct statement_line_row *rows = arena_array_of(batch->arena, struct statement_line_row, s->n);

    for (size_t i = 0; i < s->n; i++) {
        const struct channel_statement_line *line = &s->lines[i];

        rows[i] = (struct statement_line_row){
            .line_id = id_new(0),
            .statement_id = statement_id,
            .part = s->part,
            .line_no = (int32_t)i + 1,
            .biz_id = c->command.biz_id,
            .channel_account_id = c->account_id,
            .kind = (int32_t)line->kind,
            .object_id = line->object_id,
            .channel_ref = line->ref,
            .channel_transaction = line->transaction,
            .amount_minor = line->amount.amount_minor,
            .move_time_ms = line->time_ms,
            .fee_minor = line->fee_minor,
        };
        memcpy(rows[i].currency, line->amount.currency, CURRENCY_SIZE);
    }
    return payment_store_insert_statement_lines(batch->tx, rows, s->n, err);
}

/* The statement of the day: the stored one, or a new one without parts. */
static int take_statement(struct batch *batch, const struct import_statement *c, struct statement_row *ret_row,
                          struct err *err)
{
    const struct statement_day_key key = {.channel_account_id = c->account_id, .day_ms = c->day_ms};
    struct statement_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = payment_store_lock_statement(batch->tx, &key, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    if (n > 0) {
        *ret_row = rows[0];
        return 0;
    }
    *ret_row = (struct statement_row){
        .statement_id = id_new(0),
        .biz_id = c->command.biz_id,
        .channel_account_id = c->account_id,
        .day_ms = c->day_ms,
        .parts = c->statement.parts,
        .create_time_ms = batch->now_ms,
        .update_time_ms = batch->now_ms,
    };
    return payment_store_insert_statement(batch->tx, ret_row, err);
}

/* Keeps a part that is new; one that is there must be the same file. */
static int keep(struct batch *batch, struct import_statement *c, struct err *err)
{
    struct statement_row row;
    struct statement_part_row part = {.part = c->statement.part,
                                      .biz_id = c->command.biz_id,
                                      .line_count = (int64_t)c->statement.n,
                                      .create_time_ms = batch->now_ms};
    struct statement_part_row *parts = NULL;
    uint8_t digest[SHA256_SIZE];
    size_t n = 0;
    int rc;

    rc = take_statement(batch, c, &row, err);
    if (rc != 0)
        return rc;
    part.statement_id = row.statement_id;
    crypto_sha256(c->file.data, c->file.size, digest);
    memcpy(part.fingerprint, digest, sizeof part.fingerprint);
    rc = payment_store_find_statement_part(batch->tx, &part, batch->arena, &parts, &n, err);
    if (rc != 0)
        return rc;
    if ((n > 0 && memcmp(parts[0].fingerprint, part.fingerprint, sizeof part.fingerprint) != 0) ||
        row.parts != c->statement.parts) {
        command_refuse(&c->command, ERR_STATEMENT_TAKEN, c->date, err_i64(c->statement.part));
        return 0;
    }
    if (n == 0) {
        row.parts_seen++;
        row.line_count += part.line_count;
        row.update_time_ms = batch->now_ms;
        rc = payment_store_insert_statement_part(batch->tx, &part, err);
        if (rc == 0)
            rc = insert_lines(batch, c, row.statement_id, err);
        if (rc == 0)
            rc = payment_store_update_statement(batch->tx, &row, err);
    }
    c->is_complete = row.parts_seen == row.parts;
    return rc;
}

static void read_file(struct batch *batch, struct import_statement *c, const struct channel_account_row *row)
{
    struct channel_account account;
    const char *problem = NULL;

    if (channel_open(row, &account, &c->command.err) != 0) {
        c->command.is_done = true;
        return;
    }
    if (!account.channel->read_statement(&account, c->date, c->file, batch->arena, &c->statement, &problem))
        command_refuse(&c->command, ERR_STATEMENT_UNREADABLE, problem);
}

static int import_statement_body(struct batch *batch, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        ids[i] = ((const struct import_statement *)(void *)batch->commands[i])->account_id;
    rc = payment_load_accounts(batch, batch->commands, ids, batch->n, accounts, err);
    if (rc != 0)
        return rc;
    for_each_command(struct import_statement, c, batch) read_file(batch, c, accounts[c_i]);
    for_each_command(struct import_statement, c, batch)
    {
        rc = keep(batch, c, err);
        if (rc == 0 && !c->command.is_done)
            rc = compare(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

struct batch_plan import_statement_plan = {
    .name = "payment.import_statement", .home = MODULE_PAYMENT, .keeps_replies = true, .body = import_statement_body};
