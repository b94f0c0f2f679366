/*
 * Methods that are a batch of commands: read each request into its command, run the batch, answer each call.
 */
#include "rpc/core.h"
#include "rpc/health.h"

/* Packs the reply that is kept under the request_id; `pack_with` is the method's row. */
static struct sql_bytes commands_pack(const struct command *command, struct arena *arena)
{
    const struct rpc_method *served = command->pack_with;

    return call_pack(served->reply(command, arena), arena);
}

static void commands_read(const struct method *method, const struct call *call, struct command *command)
{
    const char *request_id = NULL;

    if (method->request_id != NULL)
        request_id = *(const char *const *)(const void *)((const char *)call->request + method->request_id->offset);
    call_command(call, request_id, command);
    command->pack = commands_pack;
    command->pack_with = method->served;
    method->served->read(call, call->request, command);
}

static void commands_answer(const struct method *method, struct call *call, struct command *command,
                            struct arena *arena)
{
    if (command->err.id != ERR_NONE)
        call_fail(call, &command->err);
    else if (command->reply.data != NULL)
        call_reply_packed(call, command->reply);
    else
        call_reply(call, method->served->reply(command, arena));
}

/* Whether the batch reached the database, as far as it needed it: told before the answers, since clients compare. */
static void commands_tell_health(const char *commands, size_t n, size_t size)
{
    bool was_reached = true;

    for (size_t i = 0; i < n; i++)
        was_reached = was_reached &&
                      ((const struct command *)(const void *)(commands + i * size))->err.id != ERR_DATABASE_UNAVAILABLE;
    health_database(was_reached);
}

void commands_run(struct lane *lane, const struct method *method, struct call **calls, size_t n)
{
    size_t size = method->served->command_size;
    struct arena *arena = lane_arena(lane);
    char *commands = arena_calloc(arena, n, size);
    bool was_needed = false;

    for (size_t i = 0; i < n; i++) {
        struct command *command = (struct command *)(void *)(commands + i * size);

        commands_read(method, calls[i], command);
        was_needed = was_needed || !command->is_done;
    }

    batch_run(lane_session(lane), method->served->plan, arena, commands, n, size);

    if (was_needed)
        commands_tell_health(commands, n, size);
    for (size_t i = 0; i < n; i++)
        commands_answer(method, calls[i], (struct command *)(void *)(commands + i * size), arena);
}
