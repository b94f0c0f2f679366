/*
 * Migrations; see migrate.h. They use plain text statements on a connection of their own: DDL commits by itself, so a
 * migration is claimed by its row in schema_migrations (finish_time_ms 0) before, and marked finished after.
 */
#include "sql/migrate.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/plant.h"
#include "base/text.h"
#include "sql/session.h"

enum { WAIT_STEP_MS = 100, TEXT_MAX = 1 << 20 };

struct run {
    struct session *session;
    MYSQL *mysql; /* of the module that we turned to last */
    FILE *progress;
    struct arena *arena;
};

static int query(struct run *run, const char *format, ...) PRINTF_LIKE(2, 3);

static int query(struct run *run, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    INVARIANT(size > 0 && (size_t)size < sizeof text);
    if (mysql_query(run->mysql, text) == 0)
        return 0;
    fprintf(run->progress, "database refused: %s\n  in: %s\n", mysql_error(run->mysql), text);
    return -1;
}

/* The first column of the first row, NULL when there is no row. */
static int query_text(struct run *run, const char **ret_text, const char *text)
{
    MYSQL_RES *result;
    MYSQL_ROW row;

    if (query(run, "%s", text) != 0)
        return -1;
    result = mysql_store_result(run->mysql);
    row = result != NULL ? mysql_fetch_row(result) : NULL;
    *ret_text = row != NULL && row[0] != NULL ? arena_strdup(run->arena, row[0]) : NULL;
    mysql_free_result(result);
    return 0;
}

/* Speaks to the module's server from now on: on a connection that commits each statement, as DDL does anyway. */
static int turn_to(struct run *run, enum module module)
{
    struct connection *connection = NULL;
    struct err err = {0};

    if (session_connection(run->session, run->session->db->server_of[module], true, &connection, &err) != 0)
        return fprintf(run->progress, "the database of module %s could not be reached\n", module_name(module)), -1;
    run->mysql = connection->mysql;
    return 0;
}

static void checksum(const struct migration *migration, char text[65])
{
    uint8_t digest[32];

    crypto_sha256(migration->text, strlen(migration->text), digest);
    text_hex(digest, sizeof digest, text);
}

/*
 * The tables that this room keeps in every schema besides the module's own: which migrations ran, which global
 * transactions have a branch here, and what became of those whose home this is (sql/xa.h).
 */
static const char *const common_tables[] = {
    "schema_migrations (version INT NOT NULL, name VARCHAR(128) NOT NULL, checksum CHAR(64) NOT NULL,"
    " begin_time_ms BIGINT NOT NULL, finish_time_ms BIGINT NOT NULL, PRIMARY KEY (version)) ENGINE = InnoDB",
    "txn_branches (gtid VARBINARY(64) NOT NULL, create_time_ms BIGINT NOT NULL, PRIMARY KEY (gtid)) ENGINE = InnoDB"
    " COMMENT 'the first write of each branch: proves its fate'",
    "txn_decisions (gtid VARBINARY(64) NOT NULL,"
    " decision CHAR(1) NOT NULL COMMENT 'C committed, A aborted (a recoverer''s tombstone)',"
    " branches VARCHAR(128) NOT NULL COMMENT 'schemas with a branch row; empty where a recoverer wrote',"
    " create_time_ms BIGINT NOT NULL, PRIMARY KEY (gtid)) ENGINE = InnoDB"
    " COMMENT 'the fate of global transactions whose home is this module'",
};

static int create_schemas(struct run *run)
{
    for (int module = 0; module < MODULE_COUNT; module++) {
        const char *schema = module_schema((enum module)module);

        if (turn_to(run, (enum module)module) != 0 ||
            query(run, "CREATE DATABASE IF NOT EXISTS %s DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", schema) !=
                0)
            return -1;
        for (size_t i = 0; i < COUNT_OF(common_tables); i++)
            if (query(run, "CREATE TABLE IF NOT EXISTS %s.%s", schema, common_tables[i]) != 0)
                return -1;
    }
    return 0;
}

enum status { MISSING, BEGUN, FINISHED, CHANGED, FAILED };

static enum status status_of(struct run *run, const struct migration *migration)
{
    char ours[65];
    const char *stored = NULL;

    checksum(migration, ours);
    if (query_text(run, &stored,
                   arena_printf(run->arena,
                                "SELECT CONCAT(checksum, IF(finish_time_ms = 0, ' begun', '')) FROM "
                                "%s.schema_migrations WHERE version = %d",
                                module_schema(migration->module), migration->version)) != 0)
        return FAILED;
    if (stored == NULL)
        return MISSING;
    if (strncmp(stored, ours, 64) != 0)
        return CHANGED;
    return stored[64] == '\0' ? FINISHED : BEGUN;
}

/* Statements end with `;` at a line's end; comments between them are part of the next one. */
static int apply(struct run *run, const struct migration *migration)
{
    char *text = arena_strdup(run->arena, migration->text);

    while (*text != '\0') {
        char *end = strstr(text, ";\n");

        if (end != NULL)
            *end = '\0';
        if (strspn(text, " \n\t") < strlen(text) && mysql_query(run->mysql, text) != 0) {
            fprintf(run->progress, "%s failed: %s\n", migration->name, mysql_error(run->mysql));
            return -1;
        }
        text = end != NULL ? end + 2 : text + strlen(text);
    }
    return 0;
}

static int claim_and_apply(struct run *run, const struct migration *migration)
{
    const char *schema = module_schema(migration->module);
    char sum[65];

    checksum(migration, sum);
    char *claim = arena_printf(run->arena, "INSERT INTO %s.schema_migrations VALUES (%d, '%s', '%s', %lld, 0)", schema,
                               migration->version, migration->name, sum, (long long)clock_wall_ms());
    if (mysql_query(run->mysql, claim) != 0) {
        if (mysql_errno(run->mysql) == 1062)
            return 0; /* another replica was faster: the next look waits for it */
        return fprintf(run->progress, "%s: %s\n", migration->name, mysql_error(run->mysql)), -1;
    }
    fprintf(run->progress, "  %s\n", migration->name);
    if (apply(run, migration) != 0)
        return -1;
    return query(run, "UPDATE %s.schema_migrations SET finish_time_ms = %lld WHERE version = %d", schema,
                 (long long)clock_wall_ms(), migration->version);
}

static int bring_up(struct run *run, const struct migration *migration)
{
    for (int waited_ms = 0;; waited_ms += WAIT_STEP_MS) {
        switch (status_of(run, migration)) {
        case FINISHED: return 0;
        case MISSING:
            if (claim_and_apply(run, migration) != 0)
                return -1;
            break;
        case BEGUN:
            if (waited_ms >= session_conf(run->session)->database_migrate_wait_ms)
                return fprintf(run->progress,
                               "%s was begun and did not finish; complete it by hand and set finish_time_ms in "
                               "%s.schema_migrations\n",
                               migration->name, module_schema(migration->module)),
                       -1;
            nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_MS * 1000000L}, NULL);
            break;
        case CHANGED:
            return fprintf(run->progress,
                           "%s was changed after it was applied; put it back and write a new migration\n",
                           migration->name),
                   -1;
        case FAILED: return -1;
        }
    }
}

int migrate_up(struct db *db, FILE *progress)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(TEXT_MAX * 16);
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct run run = {.session = session, .progress = progress, .arena = arena};

    if (create_schemas(&run) != 0)
        return -1;
    for (size_t i = 0; i < migrations_count; i++)
        if (turn_to(&run, migrations[i].module) != 0 || bring_up(&run, &migrations[i]) != 0)
            return -1;
    if (PLANTED("missing_unique_key") && turn_to(&run, MODULE_ORDER) == 0)
        return query(&run, "ALTER TABLE bmt_order.orders DROP INDEX uq_orders_request, ADD INDEX uq_orders_request "
                           "(biz_id, request_id)");
    return 0;
}

static int check_schema(struct run *run, enum module module)
{
    const char *tables = NULL;

    if (turn_to(run, module) != 0 ||
        query_text(run, &tables,
                   arena_printf(run->arena,
                                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '%s' AND "
                                "table_name IN ('schema_migrations', 'txn_branches', 'txn_decisions')",
                                module_schema(module))) != 0)
        return -1;
    if (tables == NULL || strtoul(tables, NULL, 10) != COUNT_OF(common_tables))
        return fprintf(run->progress, "the schema of module %s does not exist yet\n", module_name(module)), -1;
    return 0;
}

int migrate_check(struct db *db, FILE *problems)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(TEXT_MAX * 16);
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct run run = {.session = session, .progress = problems, .arena = arena};

    for (int module = 0; module < MODULE_COUNT; module++)
        if (check_schema(&run, (enum module)module) != 0)
            return -1;
    for (size_t i = 0; i < migrations_count; i++) {
        if (turn_to(&run, migrations[i].module) != 0)
            return -1;
        const enum status status = status_of(&run, &migrations[i]);

        if (status != FINISHED)
            return fprintf(problems, "migration %s is %s\n", migrations[i].name,
                           status == CHANGED ? "not the one that was applied" : "missing"),
                   -1;
    }
    return 0;
}

/* SHOW CREATE TABLE without the counter, which moves. */
static int write_table(struct run *run, const char *name, FILE *out)
{
    MYSQL_RES *result;
    MYSQL_ROW row;

    if (query(run, "SHOW CREATE TABLE %s", name) != 0)
        return -1;
    result = mysql_store_result(run->mysql);
    row = mysql_fetch_row(result);
    fprintf(out, "\n-- %s\n%s;\n", name, row[1]);
    mysql_free_result(result);
    return 0;
}

static int write_tables(struct run *run, enum module module, FILE *out)
{
    const char *names = NULL;

    if (query(run, "SET SESSION group_concat_max_len = 65536") != 0 ||
        query_text(run, &names,
                   arena_printf(run->arena,
                                "SELECT GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY 1 SEPARATOR ' ') "
                                "FROM information_schema.tables WHERE table_schema = '%s'",
                                module_schema(module))) != 0 ||
        names == NULL)
        return -1;
    while (*names != '\0') {
        const size_t size = strcspn(names, " ");

        if (write_table(run, arena_printf(run->arena, "%.*s", (int)size, names), out) != 0)
            return -1;
        names += size + strspn(names + size, " ");
    }
    return 0;
}

int migrate_write_schema(struct db *db, FILE *out)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(TEXT_MAX * 16);
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct run run = {.session = session, .progress = stderr, .arena = arena};

    fprintf(out, "-- All schemas as the migrations make them. Generated by bmtd --write-schema; never edited.\n");
    for (int module = 0; module < MODULE_COUNT; module++)
        if (turn_to(&run, (enum module)module) != 0 || write_tables(&run, (enum module)module, out) != 0)
            return -1;
    return 0;
}
