/*
 * The first step of PayStatement: deciding and recording; see pay_statement.h. Locks statements; payouts are new rows;
 * the ledger comes last.
 */
#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "flows/pay_statement.h"
#include "payment/channel.h"
#include "payment/ops.h"
#include "settlement/ops_ledger.h"

static int64_t account_hold_ms = INT64_C(86400000);

void pay_statement_use_account_hold(int64_t hold_ms)
{
    account_hold_ms = hold_ms;
}

/* A repeat gets the payout as it is now; another body under the same request_id is refused. */
static void answer(struct begin_payout *c, const struct payout_row *row)
{
    if (command_repeats(&c->command, row->fingerprint))
        c->payout_id = row->payout_id;
}

/* Looks at those that are refused by now, too: it may be their own first run that stands in their way. */
static int answer_repeats(struct batch *batch, struct err *err)
{
    struct payout_request_key *keys = arena_array_of(batch->arena, struct payout_request_key, batch->n);
    struct payout_row *rows = NULL;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        keys[i] = (struct payout_request_key){.biz_id = batch->commands[i]->biz_id,
                                              .request_id = command_request(batch->commands[i])};
    rc = payout_store_find_requests(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        for (size_t j = 0; j < n; j++)
            if (command_has_request(batch->commands[i], rows[j].biz_id, rows[j].request_id))
                answer((struct begin_payout *)(void *)batch->commands[i], &rows[j]);
    return rc;
}

/* Everything that one batch looks at and writes; arrays run beside the batch's commands. */
struct work {
    struct statement_ref *statements;
    struct statement_approvals *approvals;
    struct partner_row *partners; /* found ones, in no order */
    size_t n_partners;
    struct channel_account_row **accounts; /* NULL: none */
    struct payout_row *payouts;
    const char **actors;
    size_t n_payouts;
    struct statement_moves moves;
    struct transfers transfers;
};

static struct work work_begin(struct batch *batch)
{
    return (struct work){
        .statements = arena_array_of(batch->arena, struct statement_ref, batch->n),
        .approvals = arena_array_of(batch->arena, struct statement_approvals, batch->n),
        .accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n),
        .payouts = arena_array_of(batch->arena, struct payout_row, batch->n),
        .actors = arena_array_of(batch->arena, const char *, batch->n),
        .moves = statement_moves_begin(batch->n, batch->arena),
        .transfers = transfers_begin(batch->n, batch->arena),
    };
}

static const struct partner_row *partner_of(const struct work *work, const struct partner_statement_row *statement)
{
    for (size_t i = 0; i < work->n_partners; i++)
        if (work->partners[i].partner_id == statement->partner_id)
            return &work->partners[i];
    return NULL;
}

/* Payment is asked in other commands' names: that there is no account is refused in its turn, not before. */
static int load_accounts(struct batch *batch, struct work *work, struct err *err)
{
    struct command **askers = arena_array_of(batch->arena, struct command *, batch->n);
    struct channel_account_row **rows = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t *of = arena_array_of(batch->arena, size_t, batch->n);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        const struct partner_statement_row *statement = work->statements[i].row;
        const struct partner_row *partner = statement != NULL ? partner_of(work, statement) : NULL;

        if (partner == NULL || partner->payout_channel_account_id == 0)
            continue;
        askers[n] = arena_new_of(batch->arena, struct command);
        askers[n]->biz_id = partner->biz_id;
        ids[n] = partner->payout_channel_account_id;
        of[n++] = i;
    }
    rc = payment_load_accounts(batch, askers, ids, n, rows, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        work->accounts[of[i]] = rows[i];
    return rc;
}

static int load(struct batch *batch, struct work *work, struct err *err)
{
    struct settlement_key *partners = arena_array_of(batch->arena, struct settlement_key, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        ids[i] = ((struct begin_payout *)(void *)batch->commands[i])->statement_id;
        work->statements[i] = (struct statement_ref){.command = batch->commands[i], .statement_id = ids[i]};
    }
    rc = statement_lock(batch, work->statements, batch->n, err);
    if (rc == 0)
        rc = answer_repeats(batch, err); /* the same request may have held the lock that we waited for */
    if (rc == 0)
        rc = statement_load_approvals(batch, ids, batch->n, work->approvals, err);
    for (size_t i = 0; i < batch->n; i++)
        if (work->statements[i].row != NULL)
            partners[i] = (struct settlement_key){.id = work->statements[i].row->partner_id,
                                                  .biz_id = work->statements[i].row->biz_id};
    if (rc == 0)
        rc = settlement_store_find_partners(batch->tx, partners, batch->n, batch->arena, &work->partners,
                                            &work->n_partners, err);
    return rc != 0 ? rc : load_accounts(batch, work, err);
}

/* Whether the statement is to be paid, by the persons who must say so. */
static bool check_statement(struct begin_payout *c, const struct partner_statement_row *row, size_t n_approvals)
{
    const char *id = id_show(ID_PARTNER_STATEMENT, row->statement_id);

    if (!statement_allows(row, STATEMENT_EVENT_PAY, &c->command))
        return false;
    if (row->approvals_needed == 0)
        command_refuse(&c->command, ERR_STATEMENT_NOTHING_TO_PAY, id);
    else if (n_approvals < (size_t)row->approvals_needed)
        command_refuse(&c->command, ERR_STATEMENT_NOT_APPROVED, id, err_i64(n_approvals),
                       err_i64(row->approvals_needed));
    return !c->command.is_done;
}

/* Whether there is somewhere to pay it. */
static bool check_account(struct begin_payout *c, const struct partner_statement_row *row,
                          const struct partner_row *partner, const struct channel_account_row *account,
                          struct batch *batch)
{
    const char *id = id_show(ID_PARTNER, partner->partner_id);
    const int64_t from_ms = partner->payout_account_time_ms + account_hold_ms;
    struct channel_account opened;
    const char *secret;

    if (partner->payout_account[0] == '\0' || account == NULL)
        command_refuse(&c->command, ERR_PAYOUT_ACCOUNT_MISSING, id);
    else if (batch->now_ms < from_ms)
        command_refuse(&c->command, ERR_PAYOUT_ACCOUNT_NEW, id, err_i64(from_ms));
    else if (strcmp(row->currency, partner->currency) != 0)
        command_refuse(&c->command, ERR_PAYOUT_CURRENCY, row->currency, partner->currency);
    else if (channel_open(account, &opened, &c->command.err) != 0 ||
             channel_payout_account(partner->payout_account, batch->arena, &secret, &c->command.err) != 0)
        c->command.is_done = true;
    return !c->command.is_done;
}

static void record(struct begin_payout *c, struct work *work, struct partner_statement_row *statement,
                   const struct partner_row *partner, struct batch *batch)
{
    struct payout_row *row = &work->payouts[work->n_payouts];

    *row = (struct payout_row){
        .payout_id = id_new(id_route(statement->biz_id, "")),
        .biz_id = statement->biz_id,
        .partner_id = statement->partner_id,
        .statement_id = statement->statement_id,
        .channel_account_id = partner->payout_channel_account_id,
        .payout_account = partner->payout_account,
        .state = PAYOUT_CREATED,
        .version = 1,
        .amount_minor = statement->total_minor,
        .failure = "",
        .request_id = command_request(&c->command),
        .create_time_ms = batch->now_ms,
        .update_time_ms = batch->now_ms,
    };
    row->due_time_ms = payout_next_question_ms(row, batch->now_ms);
    memcpy(row->currency, statement->currency, CURRENCY_SIZE);
    memcpy(row->fingerprint, c->command.fingerprint, FINGERPRINT_SIZE);
    work->actors[work->n_payouts++] = c->command.actor;
    statement->payout_id = row->payout_id;
    statement_move_add(&work->moves, statement, STATEMENT_EVENT_PAY, c->command.actor, c->reason, batch->now_ms);
    payout_book(&work->transfers, row, PAYOUT_EVENT_CREATE, batch->arena);
    c->payout_id = row->payout_id;
    c->payout = row;
    c->is_new = true;
}

static int begin_payout_body(struct batch *batch, struct err *err)
{
    struct work work = work_begin(batch);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        ((struct begin_payout *)(void *)batch->commands[i])->is_new = false;
    rc = answer_repeats(batch, err);
    if (rc == 0)
        rc = load(batch, &work, err);
    if (rc == 0)
        rc = failpoint_step("begin_payout.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct begin_payout, c, batch)
    {
        struct partner_statement_row *statement = work.statements[c_i].row; /* an earlier command may have moved it */
        const struct partner_row *partner = partner_of(&work, statement);

        c->account = work.accounts[c_i];
        if (check_statement(c, statement, work.approvals[c_i].n) &&
            check_account(c, statement, partner, c->account, batch))
            record(c, &work, statement, partner, batch);
    }
    rc = payout_begin(batch, work.payouts, work.n_payouts, work.actors, err);
    if (rc == 0)
        rc = failpoint_step("begin_payout.recorded", err);
    if (rc == 0)
        rc = statement_moves_write(batch, &work.moves, err);
    if (rc == 0)
        rc = failpoint_step("begin_payout.moved", err);
    if (rc == 0)
        rc = ledger_post(batch, &work.transfers, err);
    return rc;
}

struct batch_plan begin_payout_plan = {
    .name = "settlement.begin_payout", .home = MODULE_SETTLEMENT, .body = begin_payout_body};
