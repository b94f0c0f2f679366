/*
 * How a service tells the runtime what it serves: one table of its methods.
 *
 *     static const struct rpc_method methods[] = {
 *         { "CreateSpu", WRITE(create_spu) },     read -> batch_run(plan) -> reply
 *         { "GetSpu",    WRITE(get_spu) },        the same; its plan is a read
 *         { "WatchOrder", .handle = watch_order },
 *         { .name = "RefundOrder" },              in the contract, not served yet: METHOD_NOT_YET
 *     };
 *     const struct rpc_service product_service = RPC_SERVICE(bmt__product__v1__product_service__descriptor, methods);
 *
 * Roles, priority, batch limit, idempotency and streaming kind stand in the proto; the runtime reads them from the
 * embedded descriptor set at start, and refuses to start when table and contract disagree in any method.
 */
#ifndef BMT_RPC_SERVICE_H
#define BMT_RPC_SERVICE_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "rpc/call.h"
#include "rpc/lane.h"
#include "sql/batch.h"

struct rpc_method {
    const char *name;

    /*
     * Methods that are a batch of commands. For each call a zeroed command of `command_size` is filled by call_command
     * (request_id from the request's field of that name) and by `read`; `read` may refuse it (command_refuse). Then
     * batch_run. `reply` builds the answer's message from a command that succeeded, in the arena.
     */
    void (*read)(const struct call *call, const void *request, void *command);
    struct batch_plan *plan;
    const ProtobufCMessage *(*reply)(const void *command, struct arena *arena);
    size_t command_size;

    /*
     * Other methods (several steps, streams, many commands a call): takes the whole batch of calls and sees to it
     * that each is answered, now or later.
     */
    void (*handle)(struct lane *lane, struct call **calls, size_t n);
};

/* `struct x` with `x_read`, `x_plan`, `x_reply`: one naming for all. */
#define RPC_BATCH(x) RPC_BATCH_AS(x, x)

/* The same where several methods share command and plan: `x_read` and `x_reply` of `struct command_of`. */
#define RPC_BATCH_AS(x, command_of) \
    .read = x##_read, .plan = &command_of##_plan, .reply = x##_reply, .command_size = sizeof(struct command_of)

/* In the contract, not served yet. */
#define RPC_LATER(method) \
    {                     \
        .name = (method)  \
    }

/* Declares the two where they stand in another file than the table. */
#define RPC_PARTS(x)                                                         \
    void x##_read(const struct call *call, const void *message, void *into); \
    const ProtobufCMessage *x##_reply(const void *from, struct arena *arena)

struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    const struct rpc_method *methods;
    size_t n_methods;
};

#define RPC_SERVICE(service_descriptor, table)                                                                   \
    {                                                                                                            \
        .descriptor = &(service_descriptor), .methods = (table), .n_methods = sizeof(table) / sizeof((table)[0]) \
    }

#endif
