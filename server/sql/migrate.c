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
#include "base/text.h"
#include "sql/session.h"

enum { WAIT_OTHERS_MS = 60000, WAIT_STEP_MS = 100, TEXT_MAX = 1 << 20 };

struct run {
    MYSQL *mysql;
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

static void checksum(const struct migration *migration, char text[65])
{
    uint8_t digest[32];

    crypto_sha256(migration->text, strlen(migration->text), digest);
    text_hex(digest, sizeof digest, text);
}

static int create_schemas(struct run *run)
{
    for (int module = 0; module < MODULE_COUNT; module++) {
        const char *schema = module_schema((enum module)module);

        if (query(run, "CREATE DATABASE IF NOT EXISTS %s DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", schema) !=
            0)
            return -1;
        if (query(run,
                  "CREATE TABLE IF NOT EXISTS %s.schema_migrations (version INT NOT NULL, name VARCHAR(128) NOT NULL,"
                  " checksum CHAR(64) NOT NULL, begin_time_ms BIGINT NOT NULL, finish_time_ms BIGINT NOT NULL,"
                  " PRIMARY KEY (version)) ENGINE = InnoDB",
                  schema) != 0)
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
            if (waited_ms >= WAIT_OTHERS_MS)
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

/* A connection that commits each statement; DDL does so anyway. */
static int run_begin(struct db *db, struct session *session, struct arena *arena, FILE *progress, struct run *ret_run)
{
    struct connection *connection = NULL;
    struct err err = {0};

    (void)db;
    if (session_connection(session, session->db->server_of[MODULE_PLATFORM], true, &connection, &err) != 0)
        return fprintf(progress, "the database could not be reached\n"), -1;
    *ret_run = (struct run){.mysql = connection->mysql, .progress = progress, .arena = arena};
    return 0;
}

int migrate_up(struct db *db, FILE *progress)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(TEXT_MAX * 16);
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct run run;

    if (run_begin(db, session, arena, progress, &run) != 0 || create_schemas(&run) != 0)
        return -1;
    for (size_t i = 0; i < migrations_count; i++)
        if (bring_up(&run, &migrations[i]) != 0)
            return -1;
    return 0;
}

int migrate_check(struct db *db, FILE *problems)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(TEXT_MAX * 16);
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct run run;
    const char *tables = NULL;

    if (run_begin(db, session, arena, problems, &run) != 0)
        return -1;
    if (query_text(&run, &tables,
                   "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE 'bmt\\_%' AND table_name = "
                   "'schema_migrations'") != 0)
        return -1;
    if (tables == NULL || strtol(tables, NULL, 10) != MODULE_COUNT)
        return fprintf(problems, "the schemas do not exist yet\n"), -1;
    for (size_t i = 0; i < migrations_count; i++) {
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

int migrate_write_schema(struct db *db, FILE *out)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(TEXT_MAX * 16);
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct run run;
    const char *names = NULL;

    if (run_begin(db, session, arena, stderr, &run) != 0 ||
        query(&run, "SET SESSION group_concat_max_len = 65536") != 0)
        return -1;
    if (query_text(&run, &names,
                   "SELECT GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY 1 SEPARATOR ' ') FROM "
                   "information_schema.tables WHERE table_schema LIKE 'bmt\\_%'") != 0 ||
        names == NULL)
        return -1;
    fprintf(out, "-- All schemas as the migrations make them. Generated by bmtd --write-schema; never edited.\n");
    while (*names != '\0') {
        const size_t size = strcspn(names, " ");

        if (write_table(&run, arena_printf(arena, "%.*s", (int)size, names), out) != 0)
            return -1;
        names += size + strspn(names + size, " ");
    }
    return 0;
}
