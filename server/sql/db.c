/* Resource map and connections; see db.h. Options of a connection are in connection_open and nowhere else. */
#include "sql/db.h"

#include <errmsg.h>
#include <string.h>

#include "base/crypto.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "sql/session.h"

enum { SCRATCH_BYTES_MAX = 64 << 20, SESSION_BYTES_MAX = 4 << 20 };

static size_t server_of_name(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_servers; i++)
        if (strcmp(conf->servers[i].name, name) == 0)
            return i;
    return CONF_SERVERS_MAX;
}

static int read_resource_map(const struct conf *conf, struct db *db, FILE *problems)
{
    for (int module = 0; module < MODULE_COUNT; module++)
        db->server_of[module] = 0;

    for (size_t i = 0; i < conf->n_modules; i++) {
        enum module module = module_of_name(conf->modules[i].module);
        size_t server = server_of_name(conf, conf->modules[i].server);

        if (module == MODULE_COUNT)
            return fprintf(problems, "database.modules: there is no module '%s'\n", conf->modules[i].module), -1;
        if (server == CONF_SERVERS_MAX)
            return fprintf(problems, "database.modules: there is no server '%s'\n", conf->modules[i].server), -1;
        db->server_of[module] = server;
    }
    for (int module = 0; module < MODULE_COUNT; module++)
        if (db->server_of[module] != db->server_of[MODULE_ORDER])
            db->is_spread = true;
    if (db->is_spread && strcmp(conf->commit_mode, "xa") != 0)
        return fprintf(problems, "database.modules: commit_mode 'one' needs all modules on one server\n"), -1;
    return 0;
}

/*
 * The name keeps installations apart that share a server: whose branches a name claims, its recovery rolls back where
 * it finds no decision of its own. Two that never chose one would both have the default (base/conf.def).
 */
static int check_cluster(const struct conf *conf, const struct db *db, FILE *problems)
{
    const char *cluster = conf->database_cluster;

    if (!gtid_cluster_fits(cluster))
        return fprintf(problems, "database.cluster: 1 to %d letters, digits, '_', '-', not '%s'\n", CLUSTER_MAX,
                       cluster),
               -1;
    if (db->is_spread && strcmp(conf->mode, "sandbox") != 0 && strcmp(cluster, "bmt") == 0)
        return fprintf(problems,
                       "database.cluster: schemas on several servers need a name of this installation's own, not the "
                       "default '%s'\n",
                       cluster),
               -1;
    return 0;
}

int db_open(const struct conf *conf, struct arena *arena, struct db **ret_db, FILE *problems)
{
    struct db *db = arena_new_of(arena, struct db);

    db->conf = conf;
    pthread_mutex_init(&db->abandoned_lock, NULL);
    crypto_random(&db->epoch, sizeof db->epoch);
    if (conf->n_servers == 0)
        return fprintf(problems, "database.servers: at least one server is needed\n"), -1;
    if (strcmp(conf->commit_mode, "one") != 0 && strcmp(conf->commit_mode, "xa") != 0)
        return fprintf(problems, "database.commit_mode: 'one' or 'xa', not '%s'\n", conf->commit_mode), -1;
    if (read_resource_map(conf, db, problems) != 0 || check_cluster(conf, db, problems) != 0)
        return -1;
    for (size_t i = 0; i < conf->n_servers; i++) {
        db->passwords[i] = NULL;
        if (conf->servers[i].password_file[0] != '\0' &&
            conf_read_secret(conf->servers[i].password_file, arena, &db->passwords[i], problems) != 0)
            return -1;
    }
    if (mysql_library_init(0, NULL, NULL) != 0)
        return fprintf(problems, "could not start the database client library\n"), -1;
    *ret_db = db;
    return 0;
}

void db_close(struct db *db)
{
    (void)db;
    mysql_library_end();
}

void db_thread_begin(void)
{
    mysql_thread_init();
}

void db_thread_end(void)
{
    mysql_thread_end();
}

/* Strict, read committed, never a silent reconnect (it would lose the transaction without a word). */
static const char *const session_settings[] = {
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    ("SET SESSION sql_mode = "
     "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE'"),
    /* A connection that sleeps for longer ends, and with it what a stopped process had begun (see recovery.h,
     * whose margins count on it: no setting). */
    "SET SESSION wait_timeout = 3600",
};

static int set_up_session(MYSQL *mysql, const struct conf *conf, bool is_read)
{
    char text[96];

    for (size_t i = 0; i < COUNT_OF(session_settings); i++)
        if (mysql_query(mysql, session_settings[i]) != 0)
            return -1;
    snprintf(text, sizeof text, "SET SESSION innodb_lock_wait_timeout = %d, autocommit = %d",
             (int)conf->database_lock_wait_s, is_read ? 1 : 0);
    if (mysql_query(mysql, text) != 0 || !mariadb_connection(mysql))
        return mysql_errno(mysql) == 0 ? 0 : -1;
    snprintf(text, sizeof text, "SET SESSION idle_transaction_timeout = %d", (int)conf->database_idle_transaction_s);
    return mysql_query(mysql, text);
}

static MYSQL *connection_open(const struct db *db, size_t server, bool is_read, unsigned *ret_number, char *problem,
                              size_t problem_size)
{
    const struct conf *conf = db->conf;
    const struct conf_server *to = &conf->servers[server];
    unsigned connect_s = (unsigned)(conf->database_connect_timeout_ms + 999) / 1000;
    unsigned answer_s = (unsigned)(conf->database_statement_timeout_ms + 999) / 1000;
    my_bool reconnect = 0;
    MYSQL *mysql = mysql_init(NULL);

    INVARIANT(mysql != NULL);
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
    mysql_options(mysql, MYSQL_OPT_RECONNECT, &reconnect);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");

    const bool is_local = to->socket[0] != '\0';
    if (mysql_real_connect(mysql, is_local ? NULL : to->host, to->user, db->passwords[server], NULL,
                           is_local ? 0 : (unsigned)to->port, is_local ? to->socket : NULL,
                           CLIENT_FOUND_ROWS) != NULL &&
        set_up_session(mysql, conf, is_read) == 0)
        return mysql;

    *ret_number = mysql_errno(mysql);
    snprintf(problem, problem_size, "%s", mysql_error(mysql));
    mysql_close(mysql);
    return NULL;
}

/* Better no start than a server that cannot prepare when it matters. */
static int probe_servers(struct db *db, FILE *problems)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db);

    for (size_t i = 0; i < db->conf->n_servers; i++)
        if (xa_probe(session, i, problems) != 0)
            return ERR_DATABASE_UNAVAILABLE;
    return 0;
}

int db_ping(struct db *db, FILE *problems)
{
    for (size_t i = 0; i < db->conf->n_servers; i++) {
        unsigned number = 0;
        char problem[256];
        MYSQL *mysql = connection_open(db, i, true, &number, problem, sizeof problem);

        if (mysql == NULL) {
            fprintf(problems, "database server '%s' could not be reached: %s (%u)\n", db->conf->servers[i].name,
                    problem, number);
            return ERR_DATABASE_UNAVAILABLE;
        }
        mysql_close(mysql);
    }
    return db->is_spread ? probe_servers(db, problems) : 0;
}

struct session *session_new(struct db *db)
{
    struct arena *own = arena_new(SESSION_BYTES_MAX);
    struct session *session = arena_new_of(own, struct session);

    session->db = db;
    session->own = own;
    session->scratch = arena_new(SCRATCH_BYTES_MAX);
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    for (size_t i = 0; i < CONF_SERVERS_MAX; i++) {
        connection_close(session->connections[i][false]);
        connection_close(session->connections[i][true]);
    }
    arena_free(session->scratch);
    arena_free(session->own);
}

const struct conf *session_conf(const struct session *session)
{
    return session->db->conf;
}

void session_cleanup(struct session **session)
{
    session_free(*session);
}

void session_wait_for_locks(struct session *session, bool waits)
{
    PRE(!session->tx.is_open);
    session->is_impatient = !waits;
}

bool session_waits_for_locks(const struct session *session)
{
    return !session->is_impatient;
}

bool session_met_lock(const struct session *session)
{
    return session->met_lock;
}

/* The connection learns what the session was told. Others than MariaDB know no shorter wait than a second. */
static int pass_on_patience(struct session *session, struct connection *connection, struct err *err)
{
    const int impatient_s = connection->is_mariadb ? 0 : 1;
    char text[96];

    PRE(connection->n_awaited == 0);
    snprintf(text, sizeof text, "SET SESSION innodb_lock_wait_timeout = %d",
             session->is_impatient ? impatient_s : (int)session->db->conf->database_lock_wait_s);
    if (mysql_query(connection->mysql, text) != 0)
        return sql_failed(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), "patience", err);
    connection->is_impatient = session->is_impatient;
    return 0;
}

int session_connection(struct session *session, size_t server, bool is_read, struct connection **ret_connection,
                       struct err *err)
{
    struct connection **slot = &session->connections[server][is_read];
    struct connection *connection = *slot;

    if (connection == NULL) {
        connection = *slot = arena_new_of(session->own, struct connection);
        connection->session = session;
    }
    if (connection->mysql == NULL) {
        unsigned number = 0;
        char problem[256];

        if (FAILPOINT("sql.connect"))
            return err_fail(err, ERR_DATABASE_UNAVAILABLE);
        connection->mysql = connection_open(session->db, server, is_read, &number, problem, sizeof problem);
        if (connection->mysql == NULL) {
            log_warn("database could not be reached", log_text("server", session->db->conf->servers[server].name),
                     log_text("problem", problem), log_i64("number", number));
            return err_fail(err, ERR_DATABASE_UNAVAILABLE);
        }
        connection->is_mariadb = mariadb_connection(connection->mysql);
    }
    *ret_connection = connection;
    if (!is_read && connection->is_impatient != session->is_impatient)
        return pass_on_patience(session, connection, err);
    return 0;
}

void connection_close(struct connection *connection)
{
    if (connection == NULL || connection->mysql == NULL)
        return;
    for (size_t i = 0; i < STMT_CACHE_SIZE; i++)
        if (connection->prepared[i].handle != NULL)
            mysql_stmt_close(connection->prepared[i].handle);
    memset(connection->prepared, 0, sizeof connection->prepared);
    connection->n_prepared = 0;
    connection->n_awaited = 0;
    connection->is_impatient = false;
    mysql_close(connection->mysql);
    connection->mysql = NULL;
}
