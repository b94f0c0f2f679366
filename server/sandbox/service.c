/* SandboxService: the table of its methods. */
#include "base/clock.h"
#include "bmt/sandbox/v1/sandbox.pb-c.h"
#include "rpc/proto.h"
#include "sandbox/ops.h"
#include "sandbox/sandbox.h"

static bool is_enabled;

void sandbox_enable(bool is_sandbox)
{
    is_enabled = is_sandbox;
}

/* Needs no database: the trivial method that others are measured against. */
static void get_clock(struct lane *lane, struct call **calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Bmt__Sandbox__V1__GetClockResponse reply = BMT__SANDBOX__V1__GET_CLOCK_RESPONSE__INIT;
        struct err err = {0};

        if (!is_enabled) {
            (void)err_fail(&err, ERR_SANDBOX_ONLY);
            call_fail(calls[i], &err);
            continue;
        }
        reply.now = proto_time(clock_now_ms(), lane_arena(lane));
        reply.ahead = proto_duration(clock_offset_ms(), lane_arena(lane));
        call_reply(calls[i], &reply.base);
    }
}

static void check(struct command *command, int64_t value, const char *field)
{
    if (!is_enabled)
        command_refuse(command, ERR_SANDBOX_ONLY);
    else if (value <= 0)
        command_refuse(command, ERR_FIELD_OUT_OF_RANGE, field, "a millisecond", "ten years");
}

static void set_clock_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Sandbox__V1__SetClockRequest *request = message;
    struct move_clock *c = into;

    (void)call;
    c->is_absolute = true;
    c->to_ms = proto_time_ms(request->now);
    check(&c->command, c->to_ms, "now");
}

static const ProtobufCMessage *set_clock_reply(const void *from, struct arena *arena)
{
    Bmt__Sandbox__V1__SetClockResponse *reply = arena_new_of(arena, Bmt__Sandbox__V1__SetClockResponse);

    bmt__sandbox__v1__set_clock_response__init(reply);
    reply->now = proto_time(((const struct move_clock *)from)->now_ms, arena);
    return &reply->base;
}

static void advance_clock_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Sandbox__V1__AdvanceClockRequest *request = message;
    struct move_clock *c = into;

    (void)call;
    c->by_ms = proto_duration_ms(request->by);
    check(&c->command, c->by_ms, "by");
    if (!c->command.is_done && c->by_ms > SANDBOX_AHEAD_MS_MAX)
        check(&c->command, 0, "by");
}

static const ProtobufCMessage *advance_clock_reply(const void *from, struct arena *arena)
{
    Bmt__Sandbox__V1__AdvanceClockResponse *reply = arena_new_of(arena, Bmt__Sandbox__V1__AdvanceClockResponse);

    bmt__sandbox__v1__advance_clock_response__init(reply);
    reply->now = proto_time(((const struct move_clock *)from)->now_ms, arena);
    return &reply->base;
}

int sandbox_load_clock(struct session *session, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 16);
    int64_t offset_ms = 0;
    int rc;

    if (!is_enabled)
        return 0;
    rc = tx_begin_read(session, &tx, err);
    if (rc == 0)
        rc = sandbox_store_read_offset(tx, arena, &offset_ms, err);
    if (rc == 0)
        clock_advance_to_offset(offset_ms);
    return rc;
}

static int follow_clock(struct job_run *run, size_t *ret_done, struct err *err)
{
    *ret_done = 0;
    return sandbox_load_clock(run->session, err);
}

const struct job sandbox_clock_job = {.name = "sandbox.follow_clock", .everywhere = true, .run = follow_clock};

static const struct rpc_method methods[] = {
    {"GetClock", .handle = get_clock},
    {"SetClock", .read = set_clock_read, .plan = &move_clock_plan, .reply = set_clock_reply,
     .command_size = sizeof(struct move_clock)},
    {"AdvanceClock", .read = advance_clock_read, .plan = &move_clock_plan, .reply = advance_clock_reply,
     .command_size = sizeof(struct move_clock)},
};

const struct rpc_service sandbox_service = RPC_SERVICE(bmt__sandbox__v1__sandbox_service__descriptor, methods);
