/* Repairs at a payment; see repair_payment.h. Lock order: the payment, then as order_paid. */
#include "flows/repair_payment.h"

#include "base/failpoint.h"
#include "base/id.h"
#include "flows/complete_payment.h"
#include "flows/complete_payout.h"
#include "flows/complete_refund.h"
#include "flows/order_paid.h"
#include "payment/ops_refund.h"

/* Late money goes back as far as nothing else has given it back. */
static int refund_late(struct batch *batch, struct repair_payment *c, const struct payment_row *row, struct err *err)
{
    struct refund_row refund;

    if (row->refund_minor >= row->amount_minor)
        return 0;
    c->done = "the money came too late and goes back";
    refund = refund_make(id_new(id_route(row->biz_id, row->user_id)), row, row->amount_minor - row->refund_minor,
                         REFUND_OF_LATE, batch->now_ms);
    return c->is_look ? 0 : refund_begin(batch, &refund, 1, err);
}

static int use_money(struct batch *batch, struct repair_payment *c, struct payment_row *row, struct err *err)
{
    struct paid_order paid = {
        .biz_id = row->biz_id,
        .order_id = row->order_id,
        .payment_id = row->payment_id,
        .amount = money_of(row->amount_minor, row->currency),
        .channel_account_id = row->channel_account_id,
        .fee_minor = row->fee_minor,
        .actor = c->command.actor,
        .is_look = c->is_look,
    };
    int rc;

    rc = order_paid(batch, &paid, 1, err);
    if (rc != 0 || (!paid.is_changed && !paid.is_late))
        return rc;
    if (paid.is_changed) {
        c->done = "the order is paid and fulfilled";
        return 0;
    }
    row->is_late = true;
    row->update_time_ms = batch->now_ms;
    if (!c->is_look)
        rc = payment_store_mark_late(batch->tx, row, err);
    return rc == 0 ? refund_late(batch, c, row, err) : rc;
}

static int repair_payment_body(struct batch *batch, struct err *err)
{
    struct payment_ref *refs = arena_array_of(batch->arena, struct payment_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payment_ref){.command = batch->commands[i],
                                       .payment_id = ((struct repair_payment *)(void *)batch->commands[i])->payment_id};
    rc = payment_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("repair_payment.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct repair_payment, c, batch)
    {
        struct payment_row *row = refs[c_i].row;

        c->done = NULL;
        if (row->state != PAYMENT_SUCCEEDED || row->order_id == 0)
            continue;
        rc = row->is_late ? refund_late(batch, c, row, err) : use_money(batch, c, row, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

struct batch_plan repair_payment_plan = {.name = "payment.repair", .home = MODULE_ORDER, .body = repair_payment_body};

static int find_line(struct session *session, int64_t line_id, struct arena *arena,
                     struct statement_line_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin_read(session, &tx, err);
    return rc == 0 ? payment_store_find_statement_line(tx, line_id, arena, ret_rows, ret_n, err) : rc;
}

static enum channel_word word_of(int32_t line_kind)
{
    switch (line_kind) {
    case STATEMENT_PAYMENT: return CHANNEL_HAS_MONEY;
    case STATEMENT_REFUND: return CHANNEL_GAVE_BACK;
    case STATEMENT_PAYOUT: return CHANNEL_PAID_OUT;
    case STATEMENT_RETURN: return CHANNEL_RETURNED;
    default: return CHANNEL_UNCLEAR;
    }
}

static struct channel_verdict verdict_of(const struct statement_line_row *line)
{
    return (struct channel_verdict){
        .word = word_of(line->kind),
        .amount = money_of(line->amount_minor, line->currency),
        .ref = line->channel_ref,
        .transaction = line->channel_transaction,
        .action_url = "",
        .failure = line->kind == STATEMENT_RETURN ? "it came back" : "",
        .fee_minor = line->fee_minor,
    };
}

/* Whether the line moves its payment, or with is_look would move it. */
static int apply_to_payment(struct session *session, const struct statement_repair *repair,
                            const struct statement_line_row *line, struct arena *arena, bool *ret_moves,
                            struct err *err)
{
    const struct command command = {.biz_id = line->biz_id, .actor = repair->actor};
    struct complete_payment *c = arena_new_of(arena, struct complete_payment);
    struct get_payment *look = arena_new_of(arena, struct get_payment);
    int to;

    *c = (struct complete_payment){.command = command, .payment_id = line->object_id, .verdict = verdict_of(line)};
    *look = (struct get_payment){.command = command, .payment_id = line->object_id};
    if (repair->is_look)
        batch_run(session, &get_payment_plan, arena, look, 1, sizeof *look);
    else
        batch_run(session, &complete_payment_plan, arena, c, 1, sizeof *c);
    *err = repair->is_look ? look->command.err : c->command.err;
    if (err->id == ERR_NONE)
        *ret_moves = repair->is_look ? fsm_next(&payment_fsm, look->row->state, PAYMENT_EVENT_SUCCEED, &to)
                                     : c->row->version != c->row->version_read;
    return (int)err->id;
}

/* The same of a refund: one that has failed here, too, if what it gives back is still there. */
static int apply_to_refund(struct session *session, const struct statement_repair *repair,
                           const struct statement_line_row *line, struct arena *arena, bool *ret_moves, struct err *err)
{
    struct complete_refund *c = arena_new_of(arena, struct complete_refund);

    *c = (struct complete_refund){.command = {.biz_id = line->biz_id, .actor = repair->actor},
                                  .refund_id = line->object_id,
                                  .verdict = verdict_of(line),
                                  .is_proof = true,
                                  .is_look = repair->is_look};
    batch_run(session, &complete_refund_plan, arena, c, 1, sizeof *c);
    *err = c->command.err;
    *ret_moves = err->id == ERR_NONE && c->is_moved;
    return (int)err->id;
}

/* The same of a payout. One that came back had gone there before, and moves twice where nobody has told us so. */
static int apply_to_payout(struct session *session, const struct statement_repair *repair,
                           const struct statement_line_row *line, struct arena *arena, bool *ret_moves, struct err *err)
{
    const struct command command = {.biz_id = line->biz_id, .actor = repair->actor};
    struct complete_payout *c = arena_new_of(arena, struct complete_payout);
    struct get_payout *look = arena_new_of(arena, struct get_payout);
    const int event = line->kind == STATEMENT_RETURN ? PAYOUT_EVENT_RETURN : PAYOUT_EVENT_SUCCEED;
    int to;

    *c = (struct complete_payout){.command = command, .payout_id = line->object_id, .verdict = verdict_of(line)};
    *look = (struct get_payout){.command = command, .payout_id = line->object_id};
    if (repair->is_look)
        batch_run(session, &get_payout_plan, arena, look, 1, sizeof *look);
    else
        batch_run(session, &complete_payout_plan, arena, c, 1, sizeof *c);
    *err = repair->is_look ? look->command.err : c->command.err;
    if (err->id == ERR_NONE)
        *ret_moves = repair->is_look ? fsm_next(&payout_fsm, look->row.state, PAYOUT_EVENT_SUCCEED, &to) ||
                                           fsm_next(&payout_fsm, look->row.state, event, &to)
                                     : c->row->version != c->row->version_read;
    return (int)err->id;
}

static const char *done_by(int32_t line_kind)
{
    switch (line_kind) {
    case STATEMENT_PAYMENT: return "the payment has succeeded, as the statement proves";
    case STATEMENT_REFUND: return "the refund has succeeded, as the statement proves";
    case STATEMENT_PAYOUT: return "the payout has succeeded, as the statement proves";
    default: return "the payout came back and its statement is to be paid again, as the statement proves";
    }
}

int repair_by_statement(struct session *session, const struct statement_repair *repair, struct arena *arena,
                        const char **ret_done, struct err *err)
{
    struct statement_line_row *lines = NULL;
    bool moves = false;
    size_t n = 0;
    int rc;

    *ret_done = NULL;
    rc = find_line(session, repair->line_id, arena, &lines, &n, err);
    if (rc == 0)
        rc = failpoint_step("repair_payment.line_found", err);
    if (rc != 0 || n == 0)
        return rc;
    switch (lines[0].kind) {
    case STATEMENT_PAYMENT: rc = apply_to_payment(session, repair, &lines[0], arena, &moves, err); break;
    case STATEMENT_REFUND: rc = apply_to_refund(session, repair, &lines[0], arena, &moves, err); break;
    case STATEMENT_PAYOUT:
    case STATEMENT_RETURN: rc = apply_to_payout(session, repair, &lines[0], arena, &moves, err); break;
    default: break;
    }
    if (rc == 0 && moves)
        *ret_done = done_by(lines[0].kind);
    return rc;
}
