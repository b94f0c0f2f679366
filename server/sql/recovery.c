/* Recovery of global transactions; see recovery.h. Works on the session's reading connections: autocommit is on. */
#include "sql/recovery.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/plant.h"
#include "sql/session.h"

enum { TEXT_SIZE = 512, FORGET_ROWS = 5000, FORGET_MARGIN_MS = 600000 }; /* no settings: proofs outlive coordinators */

/* A connection that commits each statement; NULL when the server does not answer. */
static MYSQL *server_of(struct session *session, size_t server)
{
    struct connection *connection = NULL;
    struct err err = {0};

    return session_connection(session, server, true, &connection, &err) == 0 ? connection->mysql : NULL;
}

static MYSQL *home_of(struct session *session, const struct in_doubt *item)
{
    return server_of(session, session->db->server_of[item->parts.home]);
}

/* Runs a statement; returns the error's number. A connection that was lost is closed. */
static unsigned run(struct session *session, size_t server, const char *text)
{
    struct connection *connection = session->connections[server][true];
    unsigned number = 0;

    if (connection == NULL || connection->mysql == NULL)
        return CR_SERVER_GONE_ERROR;
    if (mysql_query(connection->mysql, text) == 0)
        return 0;
    number = mysql_errno(connection->mysql);
    if (sql_is_lost(number))
        connection_close(connection);
    return number;
}

/* Ages do not rest on the clocks of other machines alone: what this process has seen for long is old. */
static int64_t age_of(struct db *db, int64_t id)
{
    const int64_t now_ns = clock_steady_ns();
    const int64_t by_id_ms = clock_wall_ms() - id_time_ms(id);
    struct sighting *slot = &db->sightings[((uint64_t)id >> 6) % SIGHTINGS_MAX];
    int64_t seen_ms;

    pthread_mutex_lock(&db->abandoned_lock);
    if (slot->id != id)
        *slot = (struct sighting){.id = id, .first_ns = now_ns};
    seen_ms = (now_ns - slot->first_ns) / 1000000;
    pthread_mutex_unlock(&db->abandoned_lock);
    return by_id_ms > seen_ms ? by_id_ms : seen_ms;
}

static struct in_doubt *item_of(struct in_doubt_list *list, const char *text, size_t size)
{
    for (size_t i = list->n; i > 0; i--) /* branches of one transaction come close together */
        if (strlen(list->items[i - 1].gtid) == size && memcmp(list->items[i - 1].gtid, text, size) == 0)
            return &list->items[i - 1];
    return NULL;
}

/* Reads one row of XA RECOVER. */
static void add_branch(struct db *db, size_t server, MYSQL_ROW row, struct in_doubt_list *list)
{
    const size_t gtrid_size = strtoul(row[1], NULL, 10);
    const size_t bqual_size = strtoul(row[2], NULL, 10);
    struct in_doubt_branch branch = {.server = server};
    struct gtid parts;
    struct in_doubt *item;

    if (!gtid_parse(db->conf->database_cluster, row[3], gtrid_size, &parts) ||
        !gtid_bqual_parse(row[3] + gtrid_size, bqual_size, &branch.module, &branch.connection_id)) {
        list->n_foreign++;
        return;
    }
    memcpy(branch.bqual, row[3] + gtrid_size, bqual_size);
    item = item_of(list, row[3], gtrid_size);
    if (item == NULL) {
        if (list->n == IN_DOUBT_MAX) {
            list->is_cut = true;
            return;
        }
        item = &list->items[list->n++];
        item->parts = parts;
        memcpy(item->gtid, row[3], gtrid_size);
        item->age_ms = age_of(db, parts.id);
        item->is_due = item->age_ms >= db->conf->xa_in_doubt_ms || xa_is_abandoned(db, item->gtid);
    }
    if (item->n_branches < CONF_SERVERS_MAX)
        item->branches[item->n_branches++] = branch;
}

static void list_server(struct session *session, size_t server, struct in_doubt_list *list)
{
    MYSQL *mysql = server_of(session, server);
    MYSQL_RES *result;
    MYSQL_ROW row;

    if (mysql == NULL || run(session, server, "XA RECOVER") != 0 || (result = mysql_store_result(mysql)) == NULL) {
        list->n_unreachable++;
        return;
    }
    while ((row = mysql_fetch_row(result)) != NULL)
        add_branch(session->db, server, row, list);
    mysql_free_result(result);
}

/* Reads the fate that is written; none is FATE_OPEN. */
static void read_fate(struct session *session, struct in_doubt *item)
{
    MYSQL *mysql = home_of(session, item);
    char text[TEXT_SIZE];
    MYSQL_RES *result;
    MYSQL_ROW row;

    item->is_fate_known = false;
    snprintf(text, sizeof text, "SELECT decision FROM %s.txn_decisions WHERE gtid = '%s'",
             module_schema(item->parts.home), item->gtid);
    if (mysql == NULL || run(session, session->db->server_of[item->parts.home], text) != 0 ||
        (result = mysql_store_result(mysql)) == NULL)
        return;
    row = mysql_fetch_row(result);
    item->fate = row == NULL ? FATE_OPEN : row[0][0] == 'C' ? FATE_COMMIT : FATE_ABORT;
    item->is_fate_known = true;
    mysql_free_result(result);
}

bool recovery_find_fate(struct session *session, const char *gtid, struct in_doubt *ret_item)
{
    struct in_doubt item = {0};

    if (!gtid_parse(session->db->conf->database_cluster, gtid, strlen(gtid), &item.parts))
        return false;
    snprintf(item.gtid, sizeof item.gtid, "%s", gtid);
    item.age_ms = clock_wall_ms() - id_time_ms(item.parts.id);
    read_fate(session, &item);
    if (!item.is_fate_known || item.fate == FATE_OPEN)
        return false;
    *ret_item = item;
    return true;
}

static int by_age(const void *a, const void *b)
{
    const struct in_doubt *one = a;
    const struct in_doubt *other = b;

    return (one->parts.id > other->parts.id) - (one->parts.id < other->parts.id);
}

static struct in_doubt_list list_all(struct session *session, struct arena *arena)
{
    struct in_doubt_list list = {.items = arena_array_of(arena, struct in_doubt, IN_DOUBT_MAX)};

    /* One server, or an engine that may not even know XA: there nothing is ever prepared, and nothing is asked. */
    for (size_t i = 0; i < session->db->conf->n_servers && session->db->is_spread; i++)
        list_server(session, i, &list);
    qsort(list.items, list.n, sizeof *list.items, by_age);
    list.is_whole = !session->db->is_spread || (list.n_unreachable == 0 && !list.is_cut);
    return list;
}

struct in_doubt_list recovery_list(struct session *session, struct arena *arena)
{
    struct in_doubt_list list = list_all(session, arena);

    for (size_t i = 0; i < list.n; i++)
        read_fate(session, &list.items[i]);
    return list;
}

/* Writes the tombstone unless a fate is written already; the primary key is the judge. */
static void settle(struct session *session, struct in_doubt *item)
{
    char text[TEXT_SIZE];
    unsigned number;

    read_fate(session, item);
    if (!item->is_fate_known || item->fate != FATE_OPEN)
        return;
    if (PLANTED("no_tombstone")) {
        item->fate = FATE_ABORT;
        return;
    }
    snprintf(text, sizeof text,
             "INSERT INTO %s.txn_decisions (gtid, decision, branches, create_time_ms) VALUES ('%s', 'A', '', %lld)",
             module_schema(item->parts.home), item->gtid, (long long)clock_wall_ms());
    number = run(session, session->db->server_of[item->parts.home], text);
    /* Whatever came of the insert, a lost answer too: only what is written counts. */
    if (number != 0)
        read_fate(session, item);
    else
        item->fate = FATE_ABORT;
}

/* How long the server runs; 0 when it does not say. */
static int64_t uptime_ms(struct session *session, size_t server)
{
    MYSQL *mysql = server_of(session, server);
    int64_t uptime_s = 0;
    MYSQL_RES *result;
    MYSQL_ROW row;

    if (mysql == NULL || run(session, server, "SHOW GLOBAL STATUS LIKE 'Uptime'") != 0 ||
        (result = mysql_store_result(mysql)) == NULL)
        return 0;
    row = mysql_fetch_row(result);
    if (row != NULL && row[1] != NULL)
        uptime_s = strtoll(row[1], NULL, 10);
    mysql_free_result(result);
    return uptime_s * 1000;
}

/*
 * Ends the connection that owns a branch which others cannot finish. After a restart the server gives the owner's
 * number to somebody else, and the branch has no owner; another replica is just finishing it, and we come again.
 */
static void end_owner(struct session *session, const struct in_doubt *item, const struct in_doubt_branch *branch)
{
    char text[TEXT_SIZE];

    if (uptime_ms(session, branch->server) <= item->age_ms)
        return;
    log_warn("prepared branch has a living owner, ending its connection", log_text("gtid", item->gtid),
             log_text("server", session->db->conf->servers[branch->server].name),
             log_i64("connection", (int64_t)branch->connection_id));
    snprintf(text, sizeof text, "KILL %lu", branch->connection_id);
    (void)run(session, branch->server, text);
}

/* Whether the server still lists the branch. */
static bool is_listed(struct session *session, const struct in_doubt *item, const struct in_doubt_branch *branch)
{
    char text[GTID_SIZE + BQUAL_SIZE];
    MYSQL *mysql = server_of(session, branch->server);
    MYSQL_RES *result;
    MYSQL_ROW row;
    bool found = false;

    snprintf(text, sizeof text, "%s%s", item->gtid, branch->bqual);
    if (mysql == NULL || run(session, branch->server, "XA RECOVER") != 0 ||
        (result = mysql_store_result(mysql)) == NULL)
        return false;
    while ((row = mysql_fetch_row(result)) != NULL)
        found = found || strcmp(row[3], text) == 0;
    mysql_free_result(result);
    return found;
}

static bool finish_branch(struct session *session, const struct in_doubt *item, const struct in_doubt_branch *branch)
{
    char text[TEXT_SIZE];
    unsigned number;

    snprintf(text, sizeof text, "XA %s '%s','%s'", item->fate == FATE_COMMIT ? "COMMIT" : "ROLLBACK", item->gtid,
             branch->bqual);
    number = run(session, branch->server, text);
    if (number == 0)
        return true;
    if (number == ER_XAER_NOTA) {
        if (PLANTED("nota_is_done") || !is_listed(session, item, branch))
            return true; /* someone else was faster */
        end_owner(session, item, branch);
        return false;
    }
    if (number == ER_XA_RBROLLBACK && item->fate == FATE_COMMIT) {
        log_error("a branch of a committed transaction was rolled back by its server", log_text("gtid", item->gtid),
                  log_text("server", session->db->conf->servers[branch->server].name));
        metric_add(metrics_series(METRIC_COUNTER, "bmt_xa_damaged", "branches that ended against their decision", ""),
                   1);
    }
    return false;
}

static bool finish(struct session *session, const struct in_doubt *item)
{
    bool is_done = true;

    for (size_t i = 0; i < item->n_branches; i++)
        is_done = !FAILPOINT("recovery.branch") && finish_branch(session, item, &item->branches[i]) && is_done;
    if (is_done) {
        const char *labels = item->fate == FATE_COMMIT ? "fate=\"committed\"" : "fate=\"aborted\"";

        metric_add(metrics_series(METRIC_COUNTER, "bmt_xa_recovered", "transactions finished by recovery", labels), 1);
        log_info("global transaction was recovered", log_text("gtid", item->gtid),
                 log_text("fate", item->fate == FATE_COMMIT ? "committed" : "aborted"),
                 log_i64("age_ms", item->age_ms));
    }
    return is_done;
}

/* What waits on a server that does not answer stays in doubt, unseen: told once when their number changes. */
static void show_unreachable(size_t n)
{
    static _Atomic size_t n_before;

    metric_set(
        metrics_series(METRIC_GAUGE, "bmt_xa_unreachable", "servers whose prepared branches could not be listed", ""),
        (int64_t)n);
    if (atomic_exchange(&n_before, n) == n)
        return;
    if (n > 0)
        log_warn("prepared branches could not be listed, trying again", log_i64("servers", (int64_t)n));
    else
        log_info("prepared branches can be listed on every server again");
}

static void show_metrics(const struct in_doubt_list *list)
{
    int64_t n_due = 0;

    show_unreachable(list->n_unreachable);
    for (size_t i = 0; i < list->n; i++)
        n_due += list->items[i].is_due;
    metric_set(metrics_series(METRIC_GAUGE, "bmt_xa_in_doubt", "prepared transactions that wait for recovery", ""),
               n_due);
    metric_set(metrics_series(METRIC_GAUGE, "bmt_xa_in_doubt_oldest_ms", "age of the oldest prepared transaction", ""),
               list->n > 0 ? list->items[0].age_ms : 0);
    metric_set(metrics_series(METRIC_GAUGE, "bmt_xa_foreign", "prepared branches of other programs, never touched", ""),
               (int64_t)list->n_foreign);
}

size_t recovery_run(struct session *session, struct arena *arena, const char *only)
{
    struct in_doubt_list list;
    size_t n_done = 0;

    if (!session->db->is_spread && only == NULL)
        return 0;
    list = list_all(session, arena);
    show_metrics(&list);
    for (size_t i = 0; i < list.n; i++) {
        struct in_doubt *item = &list.items[i];

        if (PLANTED("phase_two_gives_up") && item->age_ms > 2000)
            continue;
        if (only != NULL ? strcmp(only, item->gtid) != 0 : !item->is_due)
            continue;
        xa_take_abandoned(session->db, item->gtid);
        if (!FAILPOINT("recovery.found"))
            settle(session, item);
        if (FAILPOINT("recovery.settled") || !item->is_fate_known || item->fate == FATE_OPEN || !finish(session, item))
            xa_abandon(session->db, item->gtid); /* next round, whatever its age */
        else
            n_done++;
    }
    return n_done;
}

/* Deletes names older than `time_ms` from one table of the module's schema. */
static size_t forget(struct session *session, enum module module, const char *table, int64_t time_ms)
{
    const size_t server = session->db->server_of[module];
    const char *cluster = session->db->conf->database_cluster;
    char text[TEXT_SIZE];
    MYSQL *mysql = server_of(session, server);

    if (mysql == NULL)
        return 0;
    snprintf(text, sizeof text,
             "DELETE FROM %s.%s WHERE gtid >= 'bmt1.%s.' AND gtid < 'bmt1.%s.%016llx' ORDER BY gtid LIMIT %d",
             module_schema(module), table, cluster, cluster, (unsigned long long)id_first_of(time_ms), FORGET_ROWS);
    return run(session, server, text) == 0 ? (size_t)mysql_affected_rows(mysql) : 0;
}

size_t recovery_forget(struct session *session, struct arena *arena)
{
    const int64_t before_ms = clock_wall_ms() - session->db->conf->xa_keep_s * 1000;
    struct in_doubt_list list;
    size_t n = 0;

    if (!session->db->is_spread)
        return 0;
    list = list_all(session, arena);
    if (!list.is_whole || (list.n > 0 && id_time_ms(list.items[0].parts.id) < before_ms))
        return 0; /* something that old may still ask for its fate */
    for (int module = 0; module < MODULE_COUNT; module++) {
        n += forget(session, (enum module)module, "txn_branches", before_ms);
        n += forget(session, (enum module)module, "txn_decisions", before_ms - FORGET_MARGIN_MS);
    }
    return n;
}
