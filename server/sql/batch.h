/*
 * The batch: many commands of one kind in one transaction.
 *
 * A flow or a verb is written as a body over an array of commands. batch_run gives it a transaction, and after it
 *   1. keeps the reply of every command that was not refused under its request_id (plan.keeps_replies),
 *   2. commits,
 *   3. tells the world (plan.committed).
 * A refusal belongs to its command (command.err) and never spoils the neighbours; a refused command must have
 * written nothing. If the transaction itself fails by a conflict (deadlock, duplicate key, a count that is not what
 * it must be), it is rolled back and run again with `look_first` set: the body then reads keys and stock before it
 * writes, and so finds the culprits. If that fails too, the batch is halved, in the last resort down to single
 * commands; so one bad command never takes its neighbours along. Nor do several whose rows somebody else keeps locked:
 * a batch waits for locks in vain twice at most, together and for who is left, and else does not wait. A batch that
 * meets a row which cannot be, such as one that was broken by hand, is halved in the same way, until the command that
 * touches it fails alone. A command whose deadline has passed is not run again: it is refused with DEADLINE_PASSED, and
 * the others go on. After a conflict the plan looks first for the next LOOK_FIRST_BATCHES batches, because optimism
 * alone halves the throughput at 1 % failures.
 *
 * Idempotency: (biz_id, method, request_id) with the request's fingerprint. The first run inserts the record with the
 * change; a repeat is answered with the kept reply, a repeat with another body is refused with REQUEST_ID_REUSED. What
 * a body refused is looked for once more, since the first run may have committed while the body waited for its rows.
 * Plans that keep the key on the row they create set keeps_replies = false and do it themselves. Equal requests of
 * one batch never meet in a body: the later ones run after the first has committed, with look_first set.
 */
#ifndef BMT_SQL_BATCH_H
#define BMT_SQL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "sql/sql.h"
#include "sql/tx.h"

enum { FINGERPRINT_SIZE = 16, LOOK_FIRST_BATCHES = 16, BATCH_MAX = 512 };

/* What every command begins with. The edge fills the upper part, batch_run and the body the lower. */
struct command {
    int64_t biz_id;         /* from the credential; 0 for the platform itself */
    const char *actor;      /* who asks, for histories: `merchant key_...`, `browser u42`, `job order.close_expired` */
    const char *user_id;    /* a browser caller's own user, NULL for others: objects of other users are not found */
    const char *method;     /* `bmt.order.v1.OrderService/CreateOrder` */
    const char *request_id; /* NULL for reads and jobs */
    uint8_t fingerprint[FINGERPRINT_SIZE];
    int64_t deadline_ns; /* by clock_steady_ns; 0: none. From then on it is not run again after a conflict */
    struct sql_bytes (*pack)(const struct command *command, struct arena *arena); /* NULL: no reply to keep */
    const void *pack_with;                                                        /* for pack */

    struct err err;
    bool is_done;           /* the body needs not look at it any more: refused, or answered from before */
    struct sql_bytes reply; /* packed by batch_run, or kept from the first time */
};

/*
 * The key (biz_id, request_id) of those that keep it on the row they create: the command's request_id as a column, and
 * whether a row with this key was created by the command's request.
 */
struct sql_bytes command_request(const struct command *command);
bool command_has_request(const struct command *command, int64_t biz_id, struct sql_bytes request_id);

/*
 * The command's request has been here before, with this fingerprint: it is done. True where it is to be answered as the
 * first one was, whatever it was refused for since; another body is refused with REQUEST_ID_REUSED.
 */
bool command_repeats(struct command *command, const uint8_t fingerprint[FINGERPRINT_SIZE]);

struct batch;
typedef int batch_ending(struct batch *batch, void *context, struct err *err);

/* What a body sees. `commands` are those still to be done, in the order of arrival. */
struct batch {
    struct tx *tx;
    struct arena
        *arena; /* of this try; what the reply needs may live here: it stays until batch_run's caller resets it */
    int64_t now_ms;
    bool look_first;
    struct command **commands;
    size_t n;
    struct ending *endings; /* of batch_at_end */
    struct ending **last_ending;
};

struct batch_plan {
    const char *name; /* `order.place` */
    enum module home; /* whose server decides; holds the kept replies */
    bool is_read;     /* no transaction of its own, nothing kept */
    bool keeps_replies;
    /* 0: go on to commit. ERR_BATCH_CONFLICT (also by batch_conflict()): run again. ERR_INTERNAL_ERROR: run in halves,
     * a single command fails by it. Other errors fail all commands. */
    int (*body)(struct batch *batch, struct err *err);
    /* After the commit, with the commands that were not refused: metrics, watchers. May be NULL. */
    void (*committed)(struct command **commands, size_t n);
    _Atomic int look_first_left; /* how many batches still look first */
};

/*
 * Runs `n` commands of `size` bytes each (each beginning with struct command). Afterwards every command has either
 * err set or its result. Batches longer than BATCH_MAX are run in pieces.
 */
void batch_run(struct session *session, struct batch_plan *plan, struct arena *arena, void *commands, size_t n,
               size_t size);

/*
 * For bodies: what touches the hottest rows is left for the end. It runs after the body and after the replies are kept,
 * in the order of the calls, and has the body's errors. Nobody waits for these rows longer than the commit then takes.
 */
void batch_at_end(struct batch *batch, batch_ending *run, void *context);

/* For bodies: what was written is not what had to be; roll back and look first. */
int batch_conflict(struct err *err) MUST_CHECK;

/* Refuses one command: err_fail and is_done. */
#define command_refuse(command, id, ...) \
    ((command)->is_done = true, (void)err_fail(&(command)->err, (id)__VA_OPT__(, ) __VA_ARGS__))

/* Walks the commands still open, typed: `for_each_command(struct place_order, c, batch)`. */
#define for_each_command(type, name, batch)                                                                    \
    for (size_t name##_i = 0; name##_i < (batch)->n; name##_i++)                                               \
        for (type *name = (type *)(void *)(batch)->commands[name##_i]; name != NULL && !name->command.is_done; \
             name = NULL)

#endif
