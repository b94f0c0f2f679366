/*
 * Runs batches; see batch.h. The order of escalation after a conflict: the same commands again, looking first; then
 * halves; a single command some more times, since it may just have lost a race; then it is told BATCH_CONFLICT. A row
 * that cannot be (ERR_INTERNAL_ERROR) halves at once: to run the same again would meet it again.
 *
 * Neither does running again help against a lock that was waited for in vain (database.lock_wait_s). So a group waits
 * once, whatever the number of its stuck rows: its halves do not wait any more, and single commands that meet a lock
 * are put aside. When all others are through, those have another turn, each alone: they wait once more, the first of
 * them that does so in vain for all of them. A command that is alone from the beginning keeps nobody: each of its tries
 * waits. Who no longer waits for the answer is not tried again.
 */
#include "sql/batch.h"

#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/metrics.h"
#include "base/plant.h"
#include "sql/replay.h"

/*
 * No settings: a group hopes once and looks once, before halving finds the culprit; and one idle connection that was
 * cut is no reason to refuse, a second one is. How often a single command is tried is database.conflict_tries.
 */
enum { TRIES_GROUP = 2, TRIES_UNAVAILABLE = 2 };

/* A piece of a batch on its way through the halves. */
struct piece {
    struct session *session;
    struct batch_plan *plan;
    struct arena *arena;
    bool has_waited; /* in vain; who is alone and meets a lock is put aside from then on */
    struct command **aside;
    size_t n_aside;
};

int batch_conflict(struct err *err)
{
    return err_fail(err, ERR_BATCH_CONFLICT);
}

struct sql_bytes command_request(const struct command *command)
{
    return (struct sql_bytes){.data = (const uint8_t *)command->request_id, .size = strlen(command->request_id)};
}

bool command_has_request(const struct command *command, int64_t biz_id, struct sql_bytes request_id)
{
    const struct sql_bytes own = command_request(command);

    return biz_id == command->biz_id && request_id.size == own.size && memcmp(request_id.data, own.data, own.size) == 0;
}

bool command_repeats(struct command *command, const uint8_t fingerprint[FINGERPRINT_SIZE])
{
    if (memcmp(command->fingerprint, fingerprint, FINGERPRINT_SIZE) != 0 && !PLANTED("any_body_repeats")) {
        command_refuse(command, ERR_REQUEST_ID_REUSED, command->request_id);
        return false;
    }
    err_clear(&command->err);
    command->is_done = true;
    return true;
}

static void count_conflict(void)
{
    metric_add(metrics_series(METRIC_COUNTER, "bmt_sql_conflicts", "batches that were rolled back to run again", ""),
               1);
}

static void count_batch(size_t n)
{
    metric_add(metrics_series(METRIC_COUNTER, "bmt_sql_batches", "batches run, whatever came of them", ""), 1);
    metric_add(metrics_series(METRIC_COUNTER, "bmt_sql_commands", "commands in those batches", ""), (int64_t)n);
}

/* The commands that a body still has to look at; their order stays. */
static size_t still_open(struct command **commands, size_t n, struct command **ret_open)
{
    size_t n_open = 0;

    for (size_t i = 0; i < n; i++)
        if (!commands[i]->is_done)
            ret_open[n_open++] = commands[i];
    return n_open;
}

static int keep_replies(struct batch_plan *plan, struct batch *batch, struct err *err)
{
    struct command **made = arena_array_of(batch->arena, struct command *, batch->n);
    const size_t n = still_open(batch->commands, batch->n, made);

    for (size_t i = 0; i < n; i++) {
        PRE(made[i]->request_id != NULL && made[i]->pack != NULL);
        made[i]->reply = made[i]->pack(made[i], batch->arena);
    }
    return replay_keep(batch->tx, plan->home, batch->arena, made, n, batch->now_ms, err);
}

/*
 * A repeat whose first run had not committed when the body began waits for that one's rows, and then finds them changed
 * by itself: before it is refused it is looked for again, and answered as the first was.
 */
static int answer_refused(struct batch_plan *plan, struct batch *batch, struct err *err)
{
    struct command **refused = arena_array_of(batch->arena, struct command *, batch->n);
    size_t n_refused = 0;

    for (size_t i = 0; i < batch->n; i++)
        if (batch->commands[i]->err.id != ERR_NONE)
            refused[n_refused++] = batch->commands[i];
    return n_refused == 0 ? 0 : replay_answer(batch->tx, plan->home, batch->arena, refused, n_refused, err);
}

struct ending {
    batch_ending *run;
    void *context;
    struct ending *next;
};

void batch_at_end(struct batch *batch, batch_ending *run, void *context)
{
    struct ending *ending = arena_new_of(batch->arena, struct ending);

    PRE(batch->last_ending != NULL);
    *ending = (struct ending){.run = run, .context = context};
    *batch->last_ending = ending;
    batch->last_ending = &ending->next;
}

static int run_endings(struct batch *batch, struct err *err)
{
    int rc = 0;

    for (const struct ending *ending = batch->endings; ending != NULL && rc == 0; ending = ending->next)
        rc = ending->run(batch, ending->context, err);
    return rc;
}

/* The transaction's inside: answers repeats, runs the body over the rest, keeps its replies, ends. */
static int run_inside(struct batch_plan *plan, struct batch *batch, struct err *err)
{
    int rc = 0;

    if (plan->keeps_replies) {
        rc = replay_answer(batch->tx, plan->home, batch->arena, batch->commands, batch->n, err);
        batch->n = still_open(batch->commands, batch->n, batch->commands);
    }
    if (rc == 0 && batch->n > 0)
        rc = plan->body(batch, err);
    if (rc == 0 && plan->keeps_replies)
        rc = answer_refused(plan, batch, err);
    if (rc == 0 && plan->keeps_replies)
        rc = keep_replies(plan, batch, err);
    return rc == 0 ? run_endings(batch, err) : rc;
}

static int run_once(const struct piece *piece, struct command **commands, size_t n, bool look_first, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct batch batch = {.arena = piece->arena, .now_ms = clock_now_ms(), .look_first = look_first};
    struct batch_plan *plan = piece->plan;
    int rc;

    for (size_t i = 0; i < n; i++) {
        err_clear(&commands[i]->err);
        commands[i]->is_done = false;
    }
    batch.commands = arena_array_of(piece->arena, struct command *, n);
    batch.n = still_open(commands, n, batch.commands);
    batch.last_ending = &batch.endings;
    count_batch(n);

    rc = plan->is_read ? tx_begin_read(piece->session, &tx, err) : tx_begin(piece->session, plan->home, &tx, err);
    if (rc != 0)
        return rc;
    batch.tx = tx;

    rc = failpoint_step("batch.begun", err);
    if (rc == 0)
        rc = run_inside(plan, &batch, err);
    if (rc != 0 && !PLANTED("prepare_after_error"))
        return rc;
    if (PLANTED("reply_before_commit"))
        return 0;
    return tx_commit(tx, err);
}

static void fail_all(struct command **commands, size_t n, const struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        commands[i]->err = *err;
        commands[i]->is_done = true;
    }
}

static void tell_committed(struct batch_plan *plan, struct command **commands, size_t n, struct arena *arena)
{
    struct command **made = arena_array_of(arena, struct command *, n);
    size_t n_made = 0;

    if (plan->committed == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        if (commands[i]->err.id == ERR_NONE)
            made[n_made++] = commands[i];
    if (n_made > 0)
        plan->committed(made, n_made);
}

/*
 * Fails those whose deadline has passed, after a try that stored nothing. Returns how many are left; they keep their
 * order and come first, the others are no longer in the array.
 */
static size_t drop_expired(struct command **commands, size_t n)
{
    const int64_t now_ns = clock_steady_ns();
    struct err err = {0};
    size_t n_left = 0;

    (void)err_fail(&err, ERR_DEADLINE_PASSED);
    for (size_t i = 0; i < n; i++)
        if (commands[i]->deadline_ns != 0 && commands[i]->deadline_ns <= now_ns)
            fail_all(&commands[i], 1, &err);
        else
            commands[n_left++] = commands[i];
    return n_left;
}

static int64_t tries_max(const struct piece *piece, size_t n)
{
    return n == 1 ? session_conf(piece->session)->database_conflict_tries : TRIES_GROUP;
}

/* After a conflict: whether these commands are not to be run again as they are, because some row of theirs is locked.
 */
static bool is_stuck(struct piece *piece, struct command **commands, size_t n)
{
    if (!session_met_lock(piece->session) || n == 0 || (n == 1 && !piece->has_waited))
        return false;
    piece->has_waited = true;
    session_wait_for_locks(piece->session, false);
    if (n == 1)
        piece->aside[piece->n_aside++] = commands[0];
    return true;
}

static void run_group(struct piece *piece, struct command **commands, size_t n, bool must_look)
{
    struct batch_plan *plan = piece->plan;
    struct err err = {0};

    for (int try = 0, unavailable = 0; n > 0 && try < tries_max(piece, n);) {
        const bool look_first = must_look || try > 0 || plan->look_first_left > 0;
        const int rc = run_once(piece, commands, n, look_first, &err);

        if (rc == 0) {
            (void)FAILPOINT("batch.committed");
            tell_committed(plan, commands, n, piece->arena);
            return;
        }
        if (rc == ERR_DATABASE_UNAVAILABLE && ++unavailable < TRIES_UNAVAILABLE)
            continue; /* nothing was changed; an idle connection may just have been cut */
        if (rc == ERR_INTERNAL_ERROR && n > 1)
            break;
        if (rc != ERR_BATCH_CONFLICT) {
            fail_all(commands, n, &err);
            return;
        }
        count_conflict();
        plan->look_first_left = LOOK_FIRST_BATCHES;
        try++;
        n = drop_expired(commands, n);
        if (is_stuck(piece, commands, n)) {
            if (n == 1)
                return;
            break;
        }
    }
    if (n <= 1) {
        fail_all(commands, n, &err);
        return;
    }
    const size_t half = n / 2;

    run_group(piece, commands, half, true);
    run_group(piece, commands + half, drop_expired(commands + half, n - half), true);
}

/* Those put aside once more come to the front of the same array. */
static void run_aside(struct piece *piece)
{
    const size_t n = piece->n_aside;
    struct err err = {0};

    piece->n_aside = 0;
    session_wait_for_locks(piece->session, true);
    for (size_t i = 0; i < n; i++)
        run_group(piece, &piece->aside[i], drop_expired(&piece->aside[i], 1), true);
    (void)err_fail(&err, ERR_BATCH_CONFLICT);
    fail_all(piece->aside, piece->n_aside, &err);
}

/* All of them, from hope to the last that is stuck. */
static void run_to_the_end(struct piece *piece, struct command **commands, size_t n, bool must_look)
{
    piece->has_waited = false;
    piece->n_aside = 0;
    run_group(piece, commands, n, must_look);
    run_aside(piece);
    session_wait_for_locks(piece->session, true);
}

static bool is_same_request(const struct command *a, const struct command *b)
{
    return a->biz_id == b->biz_id && strcmp(a->request_id, b->request_id) == 0 && strcmp(a->method, b->method) == 0;
}

/* FNV-1a of the request_id: two equal requests meet in one slot. */
static size_t slot_of(const struct command *command, size_t n_slots)
{
    uint32_t hash = 2166136261u;

    for (const char *at = command->request_id; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return hash & (n_slots - 1);
}

/* Whether an equal request was added before; adds it otherwise. */
static bool is_repeat(struct command *command, struct command **slots, size_t n_slots)
{
    size_t at = slot_of(command, n_slots);

    while (slots[at] != NULL && !is_same_request(slots[at], command))
        at = (at + 1) & (n_slots - 1);
    if (slots[at] != NULL)
        return true;
    slots[at] = command;
    return false;
}

/* Moves the second and further ones of equal requests behind the others. Returns how many come first. */
static size_t put_repeats_last(struct command **commands, size_t n, struct arena *arena)
{
    struct command **later = arena_array_of(arena, struct command *, n);
    size_t n_slots = 4;
    size_t n_first = 0;
    size_t n_later = 0;

    while (n_slots < 2 * n)
        n_slots *= 2;
    struct command **slots = arena_array_of(arena, struct command *, n_slots);

    for (size_t i = 0; i < n; i++)
        if (commands[i]->request_id != NULL && is_repeat(commands[i], slots, n_slots))
            later[n_later++] = commands[i];
        else
            commands[n_first++] = commands[i];
    if (n_later > 0)
        memcpy(commands + n_first, later, n_later * sizeof *later);
    return n_first;
}

/* Repeats inside a batch run after their first, looking: so they find what it has kept. */
static void run_piece(struct session *session, struct batch_plan *plan, struct arena *arena, struct command **commands,
                      size_t n)
{
    struct piece piece = {
        .session = session, .plan = plan, .arena = arena, .aside = arena_array_of(arena, struct command *, n)};

    for (bool are_repeats = false; n > 0; are_repeats = true) {
        const size_t n_first = plan->is_read ? n : put_repeats_last(commands, n, arena);

        run_to_the_end(&piece, commands, n_first, are_repeats);
        commands += n_first;
        n -= n_first;
    }
    if (plan->look_first_left > 0)
        plan->look_first_left--;
}

void batch_run(struct session *session, struct batch_plan *plan, struct arena *arena, void *commands, size_t n,
               size_t size)
{
    struct command **open = arena_array_of(arena, struct command *, n);
    const char *outer = failpoint_within(plan->name);
    size_t n_open = 0;

    for (size_t i = 0; i < n; i++) {
        struct command *command = (struct command *)(void *)((char *)commands + i * size);

        if (!command->is_done) /* refused before it got here */
            open[n_open++] = command;
    }
    for (size_t at = 0; at < n_open; at += BATCH_MAX)
        run_piece(session, plan, arena, open + at, n_open - at < BATCH_MAX ? n_open - at : BATCH_MAX);
    (void)failpoint_within(outer);
}
