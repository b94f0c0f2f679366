/*
 * Serving: what a lane does with the calls that a method's queue gave it.
 */
#include "base/clock.h"
#include "rpc/core.h"

/* Whether somebody still waits for the answer. */
static bool serve_is_wanted(const struct call *call, int64_t now_ns)
{
    return !call_is_cancelled(call) && call->deadline_ns > now_ns;
}

static void serve_expired(struct call *call)
{
    bool is_stream = call->stream != NULL;
    struct err err = {0};

    (void)err_fail(&err, ERR_DEADLINE_PASSED);
    call_fail(call, &err);
    if (is_stream)
        call_unref(call);
}

static void serve_run(struct lane *lane, const struct method *method, struct call **calls, size_t n)
{
    if (method->served->handle != NULL)
        method->served->handle(lane, calls, n);
    else
        commands_run(lane, method, calls, n);
}

void serve_calls(struct lane *lane, void *context, void **calls, size_t n)
{
    struct method *method = context;
    bool is_stream = method->rule.is_client_streaming || method->rule.is_server_streaming;
    int64_t now_ns = clock_steady_ns();
    struct call *wanted[BATCH_MAX];
    size_t n_wanted = 0;

    PRE(n <= BATCH_MAX);
    if (lane != NULL)
        call_log_hold();
    for (size_t i = 0; i < n; i++) {
        struct call *call = calls[i];

        metric_observe_ns(method->metrics.queue_wait, now_ns - call->queued_ns);
        if (serve_is_wanted(call, now_ns))
            wanted[n_wanted++] = call;
        else
            serve_expired(call);
    }
    for (size_t i = 0; i < n_wanted; i++)
        wanted[i]->batch_size = (uint32_t)n_wanted;
    if (n_wanted > 0) {
        metric_add(method->metrics.batches, 1);
        metric_add(method->metrics.batched_calls, (int64_t)n_wanted);
        serve_run(lane, method, wanted, n_wanted);
    }
    for (size_t i = 0; is_stream && i < n_wanted; i++)
        call_unref(wanted[i]);
    if (lane != NULL)
        call_log_flush();
}
