/*
 * Pollers: threads that take events from the completion queue and never wait for anything else.
 */
#include "base/clock.h"
#include "base/log.h"
#include "rpc/core.h"

void poller_post_slot(struct rpc *rpc)
{
    struct arena *arena = arena_new(CALL_ARENA_MAX);
    struct call *call = arena_new_of(arena, struct call);

    call->arena = arena;
    call->rpc = rpc;
    atomic_store_explicit(&call->refs, 1, memory_order_relaxed);
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    TSAN_RELEASE(call);
    grpc_call_error error = grpc_server_request_call(rpc->server, &call->grpc, &call->details, &call->metadata, rpc->cq,
                                                     rpc->cq, call_tag(call, OP_NEW));
    if (error == GRPC_CALL_OK)
        return;
    log_error("could not post a request slot", log_text("error", grpc_call_error_to_string(error)));
    call_unref(call);
}

static void poller_on_read(struct call *call)
{
    if (call->method->rule.is_client_streaming)
        stream_on_read(call);
    else
        admit_message(call);
}

/* An event of a call; the reference of the operation ends here, except that of a slot, which becomes the debt. */
static void poller_call_event(struct call *call, enum op op, bool ok)
{
    TSAN_ACQUIRE(call);
    switch (op) {
    case OP_NEW:
        if (ok)
            admit_new(call);
        else
            call_unref(call);
        return;
    case OP_CLOSE:
        if (call->close_cancelled != 0)
            atomic_store(&call->is_cancelled, true);
        if (call->stream != NULL)
            stream_on_close(call);
        break;
    case OP_READ: poller_on_read(call); break;
    case OP_WRITE: stream_on_write(call, ok); break;
    case OP_STATUS:
        if (call->stream != NULL)
            call_unref(call); /* the debt */
        break;
    default: INVARIANT(false);
    }
    call_unref(call);
}

static void poller_event(struct rpc *rpc, const grpc_event *event)
{
    uintptr_t tag = (uintptr_t)event->tag;
    enum op op = (enum op)(tag & OP_MASK);

    if (op != OP_DOWN) {
        poller_call_event((struct call *)(tag & ~(uintptr_t)OP_MASK), op, event->success != 0);
        return;
    }
    pthread_mutex_lock(&rpc->lock);
    rpc->is_down = true;
    pthread_cond_broadcast(&rpc->changed);
    pthread_mutex_unlock(&rpc->lock);
}

/* While work waits for lanes, the poller looks again soon: a lane may be stuck with others asleep. */
static gpr_timespec poller_until(const struct rpc *rpc)
{
    int64_t wait_ms = lanes_are_waiting(rpc->lanes) ? POLL_BUSY_MS : POLL_IDLE_MS;

    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(wait_ms, GPR_TIMESPAN));
}

void *poller_run(void *context)
{
    struct rpc *rpc = context;

    for (;;) {
        grpc_event event = grpc_completion_queue_next(rpc->cq, poller_until(rpc), NULL);

        switch (event.type) {
        case GRPC_QUEUE_SHUTDOWN: return NULL;
        case GRPC_QUEUE_TIMEOUT: lanes_nudge(rpc->lanes); break;
        case GRPC_OP_COMPLETE: poller_event(rpc, &event); break;
        }
    }
}
