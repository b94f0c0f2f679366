/* RecoveryService: the table of its methods. Each call asks the database servers for what they hold now. */
#include "sql/recovery.h"

#include <string.h>

#include "base/id.h"
#include "bmt/recovery/v1/recovery.pb-c.h"
#include "recovery/recovery.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

static Bmt__Recovery__V1__Fate fate_of(const struct in_doubt *item)
{
    if (!item->is_fate_known)
        return BMT__RECOVERY__V1__FATE__FATE_UNREACHABLE;
    switch (item->fate) {
    case FATE_OPEN: return BMT__RECOVERY__V1__FATE__FATE_UNDECIDED;
    case FATE_COMMIT: return BMT__RECOVERY__V1__FATE__FATE_COMMITTED;
    case FATE_ABORT: return BMT__RECOVERY__V1__FATE__FATE_ABORTED;
    }
    return BMT__RECOVERY__V1__FATE__FATE_UNSPECIFIED;
}

/* The story in one sentence. */
static const char *explain(const struct in_doubt *item)
{
    if (item->n_branches == 0)
        return item->fate == FATE_COMMIT ? "all branches are committed; the decision is kept as proof"
                                         : "rolled back everywhere; the tombstone keeps its coordinator from deciding";
    if (!item->is_fate_known)
        return "the home module's database server does not answer: its branches stay prepared until it tells the fate";
    switch (item->fate) {
    case FATE_COMMIT: return "decided to be committed: recovery commits the branches that are still prepared";
    case FATE_ABORT: return "decided to be rolled back: recovery rolls back the branches that are still prepared";
    case FATE_OPEN: break;
    }
    return item->is_due ? "nobody has decided for too long: recovery writes the tombstone and rolls it back"
                        : "its coordinator is between prepare and decision; recovery waits until xa.in_doubt_ms";
}

static Bmt__Recovery__V1__Transaction *message_of(const struct in_doubt *item, const struct conf *conf,
                                                  struct arena *arena)
{
    Bmt__Recovery__V1__Transaction *message = arena_new_of(arena, Bmt__Recovery__V1__Transaction);

    bmt__recovery__v1__transaction__init(message);
    message->gtid = arena_strdup(arena, item->gtid);
    message->home_module = proto_text(module_name(item->parts.home));
    message->fate = fate_of(item);
    message->n_branches = item->n_branches;
    message->branches = arena_array_of(arena, Bmt__Recovery__V1__Branch *, item->n_branches);
    for (size_t i = 0; i < item->n_branches; i++) {
        Bmt__Recovery__V1__Branch *branch = arena_new_of(arena, Bmt__Recovery__V1__Branch);

        bmt__recovery__v1__branch__init(branch);
        branch->server = proto_text(conf->servers[item->branches[i].server].name);
        branch->module = proto_text(module_name(item->branches[i].module));
        branch->connection_id = (int64_t)item->branches[i].connection_id;
        message->branches[i] = branch;
    }
    message->begin_time = proto_time(id_time_ms(item->parts.id), arena);
    message->age_ms = item->age_ms;
    message->explanation = proto_text(explain(item));
    return message;
}

/* The page's part of the list: it is sorted by id. */
static void list_one(struct call *call, const struct in_doubt_list *all, const struct conf *conf, struct arena *arena)
{
    const Bmt__Recovery__V1__ListTransactionsRequest *request = call_request(call);
    Bmt__Recovery__V1__ListTransactionsResponse reply = BMT__RECOVERY__V1__LIST_TRANSACTIONS_RESPONSE__INIT;
    struct command command = {0};
    struct list list = {0};
    size_t first = 0;

    call_command(call, NULL, &command);
    list_read(call, &command, request->page_size, request->page_token, "", &list);
    if (command.err.id != ERR_NONE) {
        call_fail(call, &command.err);
        return;
    }
    while (first < all->n && all->items[first].parts.id <= list.page.after_id)
        first++;
    reply.n_transactions = list_shown(&list, all->n - first);
    reply.transactions = arena_array_of(arena, Bmt__Recovery__V1__Transaction *, reply.n_transactions);
    for (size_t i = 0; i < reply.n_transactions; i++)
        reply.transactions[i] = message_of(&all->items[first + i], conf, arena);
    reply.next_page_token =
        list_next(&list, all->n - first,
                  reply.n_transactions > 0 ? all->items[first + reply.n_transactions - 1].parts.id : 0, arena);
    reply.in_doubt = (int64_t)all->n;
    reply.foreign = (int64_t)all->n_foreign;
    reply.unreachable_servers = (int64_t)all->n_unreachable;
    call_reply(call, &reply.base);
}

static void list_transactions(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    const struct in_doubt_list all = recovery_list(lane_session(lane), arena);

    for (size_t i = 0; i < n; i++)
        list_one(calls[i], &all, session_conf(lane_session(lane)), arena);
}

/* Finds it among those in doubt, or by its fate. */
static bool find(struct session *session, const char *gtid, struct arena *arena, struct in_doubt *ret_item)
{
    const struct in_doubt_list all = recovery_list(session, arena);

    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.items[i].gtid, gtid) == 0) {
            *ret_item = all.items[i];
            return true;
        }
    return recovery_find_fate(session, gtid, ret_item);
}

static void refuse_unknown(struct call *call, const char *gtid)
{
    struct err err = {0};

    (void)err_fail(&err, ERR_TRANSACTION_NOT_FOUND, gtid);
    call_fail(call, &err);
}

static void get_transaction(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);

    for (size_t i = 0; i < n; i++) {
        const Bmt__Recovery__V1__GetTransactionRequest *request = call_request(calls[i]);
        Bmt__Recovery__V1__GetTransactionResponse reply = BMT__RECOVERY__V1__GET_TRANSACTION_RESPONSE__INIT;
        struct in_doubt item = {0};

        if (!find(lane_session(lane), request->gtid, arena, &item)) {
            refuse_unknown(calls[i], request->gtid);
            continue;
        }
        reply.transaction = message_of(&item, session_conf(lane_session(lane)), arena);
        call_reply(calls[i], &reply.base);
    }
}

static void retry_transaction(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);

    for (size_t i = 0; i < n; i++) {
        const Bmt__Recovery__V1__RetryTransactionRequest *request = call_request(calls[i]);
        Bmt__Recovery__V1__RetryTransactionResponse reply = BMT__RECOVERY__V1__RETRY_TRANSACTION_RESPONSE__INIT;
        struct in_doubt item = {0};

        (void)recovery_run(lane_session(lane), arena, request->gtid);
        if (!find(lane_session(lane), request->gtid, arena, &item)) {
            refuse_unknown(calls[i], request->gtid);
            continue;
        }
        reply.transaction = message_of(&item, session_conf(lane_session(lane)), arena);
        call_reply(calls[i], &reply.base);
    }
}

static const struct rpc_method methods[] = {
    {"ListTransactions", .handle = list_transactions},
    {"GetTransaction", .handle = get_transaction},
    {"RetryTransaction", .handle = retry_transaction},
};

const struct rpc_service recovery_service = RPC_SERVICE(bmt__recovery__v1__recovery_service__descriptor, methods);
