/* Applying a channel's word to payouts; see complete_payout.h. */
#include "flows/complete_payout.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "settlement/ops_ledger.h"
#include "settlement/ops_statement.h"

enum { MOVES_MAX = 2 }; /* of a payout by one word: it succeeded and came back */

/* Speaks the channel of this payout, and of the same money? */
static bool matches(struct complete_payout *c)
{
    const struct channel_verdict *verdict = &c->verdict;
    const char *field = NULL;

    if (verdict->payout_id != 0 && verdict->payout_id != c->payout_id)
        field = "payout";
    else if (verdict->amount.currency[0] != '\0' && strcmp(verdict->amount.currency, c->row->currency) != 0)
        field = "currency";
    else if (verdict->amount.currency[0] != '\0' && verdict->amount.amount_minor != c->row->amount_minor)
        field = "amount";
    if (field != NULL)
        command_refuse(&c->command, ERR_NOTIFICATION_MISMATCH, field, id_show(ID_PAYOUT, c->payout_id));
    return field == NULL;
}

/* What the word means for the payout; 0: nothing. A channel that cannot be reached is asked again. */
static enum payout_event event_of(const struct complete_payout *c)
{
    switch (c->verdict.word) {
    case CHANNEL_WAITS: return PAYOUT_EVENT_WAIT;
    case CHANNEL_PAID_OUT: return PAYOUT_EVENT_SUCCEED;
    case CHANNEL_RETURNED: return PAYOUT_EVENT_RETURN;
    case CHANNEL_FAILED: return PAYOUT_EVENT_FAIL;
    case CHANNEL_REFUSED: return c->is_ask && payout_is_at(c->row, c->turn) ? PAYOUT_EVENT_FAIL : 0;
    case CHANNEL_UNCLEAR: return c->is_ask ? PAYOUT_EVENT_LOSE : 0;
    case CHANNEL_NOT_ASKED:
    case CHANNEL_MISSING:
    case CHANNEL_HAS_MONEY:
    case CHANNEL_GAVE_BACK:
    case CHANNEL_CLOSED: return 0;
    }
    return 0;
}

static bool is_to_ask(const struct complete_payout *c)
{
    const bool is_maybe_unheard = c->row->state == PAYOUT_CREATED || c->row->state == PAYOUT_UNKNOWN;

    return c->verdict.word == CHANNEL_MISSING && !c->is_ask && is_maybe_unheard && payout_is_at(c->row, c->turn);
}

static void move(struct complete_payout *c, struct payout_moves *moves, enum payout_event event, int64_t now_ms)
{
    int to;

    if (event == 0 || !fsm_next(&payout_fsm, c->row->state, (int)event, &to))
        return;
    if (c->verdict.ref != NULL)
        c->row->channel_ref = c->verdict.ref;
    if (c->verdict.transaction != NULL)
        c->row->channel_transaction = c->verdict.transaction;
    if (event == PAYOUT_EVENT_FAIL || event == PAYOUT_EVENT_RETURN)
        c->row->failure = c->verdict.failure;
    payout_move_add(moves, c->row, event, c->command.actor, c->verdict.failure, now_ms);
}

/* What came back had gone there, even if nobody has told us so before. */
static void apply(struct complete_payout *c, struct payout_moves *moves, int64_t now_ms)
{
    const enum payout_event event = event_of(c);

    c->is_to_ask = is_to_ask(c);
    if (event == PAYOUT_EVENT_RETURN)
        move(c, moves, PAYOUT_EVENT_SUCCEED, now_ms);
    move(c, moves, event, now_ms);
}

static const struct payout_row *row_of(const struct payout_moves *moves, int64_t payout_id)
{
    for (size_t i = 0; i < moves->n_rows; i++)
        if (moves->rows[i]->payout_id == payout_id)
            return moves->rows[i];
    return NULL;
}

/* Moves the statements and posts, in the order of the payouts' moves. */
static int follow(struct batch *batch, const struct payout_moves *moves, struct err *err)
{
    struct statement_ref *refs = arena_array_of(batch->arena, struct statement_ref, moves->n_events);
    struct statement_moves statements = statement_moves_begin(moves->n_events, batch->arena);
    struct transfers transfers = transfers_begin(moves->n_events, batch->arena);
    int rc;

    for (size_t i = 0; i < moves->n_events; i++) {
        const struct payout_row *row = row_of(moves, moves->events[i].payout_id);

        refs[i] = (struct statement_ref){.command = arena_new_of(batch->arena, struct command),
                                         .statement_id = row->statement_id};
        refs[i].command->biz_id = row->biz_id;
    }
    rc = statement_lock(batch, refs, moves->n_events, err);
    for (size_t i = 0; i < moves->n_events && rc == 0; i++) {
        const struct payout_row *row = row_of(moves, moves->events[i].payout_id);
        const enum payout_event event = (enum payout_event)moves->events[i].event;
        enum statement_event move;
        int to;

        if (!payout_moves_statement(event, &move))
            continue;
        if (refs[i].row == NULL || refs[i].row->payout_id != row->payout_id ||
            !fsm_next(&statement_fsm, refs[i].row->state, (int)move, &to))
            return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies */
        statement_move_add(&statements, refs[i].row, move, moves->events[i].actor, moves->events[i].detail,
                           batch->now_ms);
        payout_book(&transfers, row, event, batch->arena);
    }
    if (rc == 0)
        rc = statement_moves_write(batch, &statements, err);
    if (rc == 0)
        rc = failpoint_step("complete_payout.statement_moved", err);
    if (rc == 0)
        rc = ledger_post(batch, &transfers, err);
    return rc;
}

static int complete_payout_body(struct batch *batch, struct err *err)
{
    struct payout_ref *refs = arena_array_of(batch->arena, struct payout_ref, batch->n);
    struct payout_moves moves = payout_moves_begin(batch->n * MOVES_MAX, batch->arena);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payout_ref){.command = batch->commands[i],
                                      .payout_id = ((struct complete_payout *)(void *)batch->commands[i])->payout_id};
    rc = payout_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("complete_payout.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct complete_payout, c, batch)
    {
        c->row = refs[c_i].row;
        c->is_to_ask = false;
        if (matches(c))
            apply(c, &moves, batch->now_ms);
    }
    rc = payout_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("complete_payout.moved", err);
    if (rc == 0)
        rc = follow(batch, &moves, err);
    return rc;
}

struct batch_plan complete_payout_plan = {
    .name = "settlement.complete_payout", .home = MODULE_SETTLEMENT, .body = complete_payout_body};
