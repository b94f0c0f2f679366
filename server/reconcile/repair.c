/* Repairing a break; see repair.h. */
#include "reconcile/repair.h"

#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "base/log.h"
#include "flows/repair_order.h"
#include "flows/repair_payment.h"
#include "reconcile/ops.h"
#include "reconcile/record.h"
#include "verify/verify.h"

static struct db *database;

void repair_use_database(struct db *db)
{
    database = db;
}

/* Whether the look has found the break. */
struct look {
    const struct break_row *row;
    struct arena *arena;
    bool is_there;
};

static void look_tells(void *context, const struct finding *finding)
{
    struct look *look = context;

    if (strcmp(finding_info(finding->kind)->name, look->row->kind) == 0 &&
        strcmp(record_object(finding, look->arena), look->row->object) == 0)
        look->is_there = true;
}

static int look_at(const struct break_row *row, struct arena *arena, bool *ret_there, struct err *err)
{
    struct look look = {.row = row, .arena = arena};
    const struct verify verify = {
        .db = database, .threads = 1, .problems = stderr, .tell = look_tells, .context = &look};

    if (verify_look(&verify, (enum verify_pass)row->pass, row->pass_key) != 0)
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    *ret_there = look.is_there;
    return 0;
}

static int find(struct session *session, struct arena *arena, struct repair_break *r, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct break_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = tx_begin_read(session, &tx, err);
    if (rc == 0)
        rc = reconcile_store_find_break(tx, r->break_id, arena, &rows, &n, err);
    if (rc == 0 && n == 0)
        rc = err_fail(err, ERR_BREAK_NOT_FOUND, id_show(ID_BREAK, r->break_id));
    if (rc == 0)
        r->row = rows[0];
    return rc;
}

static int end(struct session *session, struct repair_break *r, enum break_state state, const char *done,
               struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    const struct break_row ended = break_ended(&r->row, state, r->actor, r->reason, done, clock_now_ms());
    int rc;

    rc = tx_begin(session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = reconcile_store_end_breaks(tx, &ended, 1, NULL, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    if (rc == 0)
        r->row = ended;
    return rc;
}

static unsigned order_repair_of(enum repair repair)
{
    switch (repair) {
    case REPAIR_FULFIL: return ORDER_REPAIR_FULFIL;
    case REPAIR_SETTLE_HOLD: return ORDER_REPAIR_SETTLE_HOLD;
    case REPAIR_GRANT: return ORDER_REPAIR_GRANT;
    case REPAIR_RECALL: return ORDER_REPAIR_RECALL;
    case REPAIR_NONE:
    case REPAIR_APPLY_PAYMENT:
    case REPAIR_REFUND_LATE:
    case REPAIR_APPLY_STATEMENT: break;
    }
    return 0;
}

/* What every flow's command begins with. Without request_id: the flows find by themselves what is done already. */
static struct command command_of(const struct repair_break *r)
{
    return (struct command){.biz_id = r->row.biz_id, .actor = r->actor};
}

static int repair_at_order(struct session *session, struct arena *arena, enum repair repair, struct repair_break *r,
                           struct err *err)
{
    struct repair_order *c = arena_new_of(arena, struct repair_order);

    *c = (struct repair_order){
        .command = command_of(r),
        .order_id = r->row.pass_key,
        .repairs = order_repair_of(repair),
        .reason = arena_printf(arena, "repair %s: %s", id_show(ID_BREAK, r->break_id), r->reason),
        .is_look = r->is_look,
    };
    batch_run(session, &repair_order_plan, arena, c, 1, sizeof *c);
    *err = c->command.err;
    r->done = c->done;
    return (int)err->id;
}

static int repair_at_payment(struct session *session, struct arena *arena, struct repair_break *r, struct err *err)
{
    struct repair_payment *c = arena_new_of(arena, struct repair_payment);

    *c = (struct repair_payment){.command = command_of(r), .payment_id = r->row.object_id, .is_look = r->is_look};
    batch_run(session, &repair_payment_plan, arena, c, 1, sizeof *c);
    *err = c->command.err;
    r->done = c->done;
    return (int)err->id;
}

/* Does, or with is_look only tells, what is proposed. */
static int act(struct session *session, struct arena *arena, struct repair_break *r, struct err *err)
{
    const enum finding_kind kind = finding_kind_of(r->row.kind);
    const enum repair repair = kind < FINDING_COUNT ? finding_info(kind)->repair : REPAIR_NONE;
    int rc = 0;

    if (repair == REPAIR_NONE)
        return err_fail(err, ERR_BREAK_NO_REPAIR, id_show(ID_BREAK, r->break_id), "its kind has no repair");
    if (repair == REPAIR_APPLY_STATEMENT)
        rc = repair_by_statement(
            session, &(struct statement_repair){.line_id = r->row.pass_key, .actor = r->actor, .is_look = r->is_look},
            arena, &r->done, err);
    else if (order_repair_of(repair) != 0)
        rc = repair_at_order(session, arena, repair, r, err);
    else
        rc = repair_at_payment(session, arena, r, err);
    if (rc == 0 && r->done == NULL)
        rc = err_fail(err, ERR_BREAK_NO_REPAIR, id_show(ID_BREAK, r->break_id), "no rule covers rows like these");
    return rc;
}

/*
 * The same where the break still is there. One that only seemed to be, since what ended it was still being committed
 * when we looked, leaves nothing to do: then it is not there any more.
 */
static int act_if_there(struct session *session, struct arena *arena, struct repair_break *r, bool *ret_there,
                        struct err *err)
{
    struct err why_not;
    int rc;

    rc = look_at(&r->row, arena, ret_there, err);
    if (rc != 0 || !*ret_there)
        return rc;
    rc = act(session, arena, r, err);
    if (rc != ERR_BREAK_NO_REPAIR)
        return rc;
    why_not = *err;
    rc = look_at(&r->row, arena, ret_there, err);
    if (rc == 0 && *ret_there) {
        *err = why_not;
        rc = (int)err->id;
    } else if (rc == 0) {
        err_clear(err);
    }
    return rc;
}

int repair_break(struct session *session, struct arena *arena, struct repair_break *r, struct err *err)
{
    bool is_there = false;
    int rc;

    rc = find(session, arena, r, err);
    if (rc != 0)
        return rc;
    r->done = r->row.done;
    if (r->row.state != BREAK_OPEN)
        return 0;
    rc = act_if_there(session, arena, r, &is_there, err);
    if (rc != 0)
        return rc;
    if (!is_there) {
        r->done = "it is not there any more";
        return r->is_look ? 0 : end(session, r, BREAK_GONE, r->done, err);
    }
    if (!r->is_look)
        rc = failpoint_step("repair_break.acted", err);
    if (rc == 0 && !r->is_look)
        rc = look_at(&r->row, arena, &is_there, err);
    if (rc != 0 || r->is_look)
        return rc;
    log_info("break repaired", log_text("break", id_show(ID_BREAK, r->break_id)), log_text("kind", r->row.kind),
             log_text("actor", r->actor), log_text("request_id", r->request_id), log_text("done", r->done));
    if (is_there) {
        r->done = arena_printf(arena, "%s; and still the rows disagree", r->done);
        return 0;
    }
    return end(session, r, BREAK_REPAIRED, r->done, err);
}
