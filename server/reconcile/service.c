/* ReconcileService: the table of its methods. */
#include <string.h>

#include "bmt/reconcile/v1/reconcile.pb-c.h"
#include "reconcile/ops.h"
#include "reconcile/reconcile.h"
#include "reconcile/repair.h"
#include "rpc/lane.h"
#include "rpc/proto.h"
#include "verify/verify.h"

static Bmt__Reconcile__V1__Run *run_message(const struct run_row *row, struct arena *arena)
{
    Bmt__Reconcile__V1__Run *run = arena_new_of(arena, Bmt__Reconcile__V1__Run);

    bmt__reconcile__v1__run__init(run);
    run->run_id = proto_id(ID_RUN, row->run_id, arena);
    run->state = (Bmt__Reconcile__V1__RunState)row->state;
    run->requested_by = proto_text(row->requested_by);
    run->from_time = proto_time(row->from_time_ms, arena);
    run->pass = proto_text(row->pass);
    run->share_percent = row->share_percent;
    run->rows = row->row_count;
    run->orders = row->order_count;
    run->payments = row->payment_count;
    run->refunds = row->refund_count;
    run->breaks = row->break_count;
    run->new_breaks = row->new_count;
    run->gone_breaks = row->gone_count;
    run->detail = proto_text(row->detail);
    run->create_time = proto_time(row->create_time_ms, arena);
    run->start_time = proto_time(row->start_time_ms, arena);
    run->end_time = proto_time(row->end_time_ms, arena);
    return run;
}

static Bmt__Reconcile__V1__Break *break_message(const struct break_row *row, struct arena *arena)
{
    Bmt__Reconcile__V1__Break *message = arena_new_of(arena, Bmt__Reconcile__V1__Break);
    const enum finding_kind kind = finding_kind_of(row->kind);

    bmt__reconcile__v1__break__init(message);
    message->break_id = proto_id(ID_BREAK, row->break_id, arena);
    message->state = (Bmt__Reconcile__V1__BreakState)row->state;
    message->kind = proto_text(row->kind);
    message->meaning = proto_text(kind < FINDING_COUNT ? finding_info(kind)->sentence : "");
    message->repair = (Bmt__Reconcile__V1__Repair)(kind < FINDING_COUNT ? (int)finding_info(kind)->repair + 1 : 0);
    message->business_id = proto_id(ID_BUSINESS, row->biz_id, arena);
    message->object = proto_text(row->object);
    message->what = proto_text(row->what);
    message->first_run_id = proto_id(ID_RUN, row->first_run_id, arena);
    message->last_run_id = proto_id(ID_RUN, row->last_run_id, arena);
    message->ended_by = proto_text(row->ended_by);
    message->reason = proto_text(row->reason);
    message->done = proto_text(row->done);
    message->create_time = proto_time(row->create_time_ms, arena);
    message->update_time = proto_time(row->update_time_ms, arena);
    message->end_time = proto_time(row->end_time_ms, arena);
    return message;
}

static void start_run_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Reconcile__V1__StartRunRequest *request = message;

    (void)call;
    ((struct start_run *)into)->from_time_ms = proto_time_ms(request->from_time);
}

static const ProtobufCMessage *start_run_reply(const void *from, struct arena *arena)
{
    Bmt__Reconcile__V1__StartRunResponse *reply = arena_new_of(arena, Bmt__Reconcile__V1__StartRunResponse);

    bmt__reconcile__v1__start_run_response__init(reply);
    reply->run = run_message(&((const struct start_run *)from)->row, arena);
    return &reply->base;
}

static void get_run_read(const struct call *call, const void *message, void *into)
{
    (void)call;
    ((struct get_run *)into)->run_id =
        proto_id_of(ID_RUN, ((const Bmt__Reconcile__V1__GetRunRequest *)message)->run_id);
}

static const ProtobufCMessage *get_run_reply(const void *from, struct arena *arena)
{
    Bmt__Reconcile__V1__GetRunResponse *reply = arena_new_of(arena, Bmt__Reconcile__V1__GetRunResponse);

    bmt__reconcile__v1__get_run_response__init(reply);
    reply->run = run_message(((const struct get_run *)from)->row, arena);
    return &reply->base;
}

static void list_runs_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Reconcile__V1__ListRunsRequest *request = message;
    struct list_runs *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

static const ProtobufCMessage *list_runs_reply(const void *from, struct arena *arena)
{
    const struct list_runs *c = from;
    Bmt__Reconcile__V1__ListRunsResponse *reply = arena_new_of(arena, Bmt__Reconcile__V1__ListRunsResponse);

    bmt__reconcile__v1__list_runs_response__init(reply);
    reply->n_runs = list_shown(&c->list, c->n);
    reply->runs = arena_array_of(arena, Bmt__Reconcile__V1__Run *, reply->n_runs);
    for (size_t i = 0; i < reply->n_runs; i++)
        reply->runs[i] = run_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_runs - 1].run_id : 0, arena);
    return &reply->base;
}

static void list_breaks_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Reconcile__V1__ListBreaksRequest *request = message;
    struct list_breaks *c = into;

    c->filter.state = request->state != 0 ? (int32_t)request->state : BREAK_OPEN;
    c->filter.kind = request->kind;
    list_read(call, &c->command, request->page_size, request->page_token,
              arena_printf(call_arena(call), "%d %s", (int)c->filter.state, request->kind), &c->list);
    if (!c->command.is_done && request->kind[0] != '\0' && finding_kind_of(request->kind) == FINDING_COUNT)
        command_refuse(&c->command, ERR_FIELD_MALFORMED, "kind", "a kind of break, such as ORDER_STUCK");
}

static const ProtobufCMessage *list_breaks_reply(const void *from, struct arena *arena)
{
    const struct list_breaks *c = from;
    Bmt__Reconcile__V1__ListBreaksResponse *reply = arena_new_of(arena, Bmt__Reconcile__V1__ListBreaksResponse);

    bmt__reconcile__v1__list_breaks_response__init(reply);
    reply->n_breaks = list_shown(&c->list, c->n);
    reply->breaks = arena_array_of(arena, Bmt__Reconcile__V1__Break *, reply->n_breaks);
    for (size_t i = 0; i < reply->n_breaks; i++)
        reply->breaks[i] = break_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_breaks - 1].break_id : 0, arena);
    return &reply->base;
}

static void get_break_read(const struct call *call, const void *message, void *into)
{
    (void)call;
    ((struct get_break *)into)->break_id =
        proto_id_of(ID_BREAK, ((const Bmt__Reconcile__V1__GetBreakRequest *)message)->break_id);
}

static const ProtobufCMessage *get_break_reply(const void *from, struct arena *arena)
{
    Bmt__Reconcile__V1__GetBreakResponse *reply = arena_new_of(arena, Bmt__Reconcile__V1__GetBreakResponse);

    bmt__reconcile__v1__get_break_response__init(reply);
    reply->break_ = break_message(((const struct get_break *)from)->row, arena);
    return &reply->base;
}

static void close_break_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Reconcile__V1__CloseBreakRequest *request = message;
    struct close_break *c = into;

    (void)call;
    c->break_id = proto_id_of(ID_BREAK, request->break_id);
    c->reason = request->reason;
}

static const ProtobufCMessage *close_break_reply(const void *from, struct arena *arena)
{
    Bmt__Reconcile__V1__CloseBreakResponse *reply = arena_new_of(arena, Bmt__Reconcile__V1__CloseBreakResponse);

    bmt__reconcile__v1__close_break_response__init(reply);
    reply->break_ = break_message(&((const struct close_break *)from)->row, arena);
    return &reply->base;
}

/* Looks, a flow with transactions of its own, and looks again: no batch of commands. */
static void repair_break_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);

    for (size_t i = 0; i < n; i++) {
        const Bmt__Reconcile__V1__RepairBreakRequest *request = call_request(calls[i]);
        Bmt__Reconcile__V1__RepairBreakResponse reply = BMT__RECONCILE__V1__REPAIR_BREAK_RESPONSE__INIT;
        struct command command = {0};
        struct repair_break repair = {
            .request_id = request->request_id,
            .reason = request->reason,
            .break_id = proto_id_of(ID_BREAK, request->break_id),
            .is_look = request->dry_run,
        };
        struct err err = {0};

        call_command(calls[i], NULL, &command);
        repair.actor = command.actor;
        if (repair_break(lane_session(lane), arena, &repair, &err) != 0) {
            call_fail(calls[i], &err);
            continue;
        }
        reply.break_ = break_message(&repair.row, arena);
        reply.done = proto_text(repair.done);
        call_reply(calls[i], &reply.base);
    }
}

static const struct rpc_method methods[] = {
    {"StartRun", RPC_BATCH(start_run)},     {"GetRun", RPC_BATCH(get_run)},
    {"ListRuns", RPC_BATCH(list_runs)},     {"ListBreaks", RPC_BATCH(list_breaks)},
    {"GetBreak", RPC_BATCH(get_break)},     {"RepairBreak", .handle = repair_break_handle},
    {"CloseBreak", RPC_BATCH(close_break)},
};

const struct rpc_service reconcile_service = RPC_SERVICE(bmt__reconcile__v1__reconcile_service__descriptor, methods);
