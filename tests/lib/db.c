/* The tests' databases; see db.h. */
#include "lib/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/migrate.h"

enum { SERVERS_MAX = 3 };

/* Which of three servers holds which module: as deployments would, with the small ones beside the orders. */
static const int server_of_module[MODULE_COUNT] = {[MODULE_PRODUCT] = 1, [MODULE_PAYMENT] = 2};

static struct mariadb *servers[SERVERS_MAX];
static int n_servers;
static char folder_path[80];

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "tests' database: %s\n", what);
    exit(99);
}

static int wanted_servers(void)
{
    const char *text = getenv("BMT_TEST_SERVERS");

    return text != NULL && strcmp(text, "3") == 0 ? SERVERS_MAX : 1;
}

static void make_folder(void)
{
    const char *temporary = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";

    snprintf(folder_path, sizeof folder_path, "%s/bmt-test-XXXXXX", temporary);
    if (strlen(temporary) > 60 || mkdtemp(folder_path) == NULL)
        give_up("cannot make a temporary folder");
}

static const char *write_settings(struct arena *arena)
{
    const char *path = arena_printf(arena, "%s/bmtd.conf", folder_path);
    FILE *file = fopen(path, "w");

    fprintf(file, "mode = \"sandbox\";\ndatabase: { commit_mode = \"%s\"; servers = (", n_servers > 1 ? "xa" : "one");
    for (int i = 0; i < n_servers; i++)
        fprintf(file, "%s { name = \"s%d\"; socket = \"%s\"; user = \"root\"; }", i > 0 ? "," : "", i,
                mariadb_socket(servers[i]));
    fprintf(file, " ); modules = (");
    for (int module = 0; module < MODULE_COUNT && n_servers > 1; module++)
        fprintf(file, "%s { module = \"%s\"; server = \"s%d\"; }", module > 0 ? "," : "",
                module_name((enum module)module), server_of_module[module]);
    fprintf(file, " ); };\nxa: { in_doubt_ms = 500; };\n");
    fclose(file);
    return path;
}

static struct test_db *start(int n)
{
    static const char *const names[SERVERS_MAX] = {"a", "b", "c"};
    struct arena *arena = arena_new(64 << 20);
    struct test_db *test = arena_new_of(arena, struct test_db);

    n_servers = n;
    make_folder();
    for (int i = 0; i < n_servers; i++)
        servers[i] = mariadb_start(folder_path, names[i], arena);
    test->arena = arena;
    test->folder = folder_path;
    test->conf = arena_new_of(arena, struct conf);
    if (conf_load(write_settings(arena), arena, test->conf, stderr) != 0 ||
        db_open(test->conf, arena, &test->db, stderr) != 0)
        give_up("settings");
    FILE *progress = fopen("/dev/null", "w");

    if (migrate_up(test->db, progress) != 0)
        give_up("migrations");
    fclose(progress);
    db_thread_begin();
    test->session = session_new(test->db);
    return test;
}

struct test_db *test_db_start(void)
{
    return start(wanted_servers());
}

struct test_db *test_db_start_three(void)
{
    return start(SERVERS_MAX);
}

void test_db_stop(struct test_db *test)
{
    char command[128];

    session_free(test->session);
    db_thread_end();
    db_close(test->db);
    for (int i = 0; i < n_servers; i++)
        mariadb_stop(servers[i]);
    snprintf(command, sizeof command, "rm -rf %s", folder_path);
    if (system(command) != 0)
        give_up(command);
    arena_free(test->arena);
}

struct mariadb *test_db_server(enum module module)
{
    return servers[n_servers > 1 ? server_of_module[module] : 0];
}

/* The server of the first schema that the text names. */
static struct mariadb *server_of_text(const char *text)
{
    const char *at = strstr(text, "bmt_");

    for (int module = 0; at != NULL && module < MODULE_COUNT; module++) {
        const char *schema = module_schema((enum module)module);

        if (strncmp(at, schema, strlen(schema)) == 0)
            return test_db_server((enum module)module);
    }
    return servers[0];
}

void test_db_run(struct test_db *test, const char *statement)
{
    (void)test;
    mariadb_run(server_of_text(statement), statement);
}

long long test_db_number(struct test_db *test, const char *query)
{
    const char *text = mariadb_text(server_of_text(query), query, test->arena);

    return text != NULL ? strtoll(text, NULL, 10) : -1;
}

const char *test_db_text(struct test_db *test, const char *query)
{
    return mariadb_text(server_of_text(query), query, test->arena);
}

/* Names of the server's tables that hold the product's rows, separated by commas. */
static const char *tables(struct test_db *test, struct mariadb *server)
{
    mariadb_run(server, "SET SESSION group_concat_max_len = 65536");
    return mariadb_text(server,
                        "SELECT GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY 1 SEPARATOR ',') "
                        "FROM information_schema.tables WHERE table_schema LIKE 'bmt\\_%' AND table_name NOT IN "
                        "('schema_migrations', 'jobs', 'replicas', 'txn_branches', 'txn_decisions')",
                        test->arena);
}

static void clear_server(struct test_db *test, struct mariadb *server)
{
    for (const char *name = tables(test, server); *name != '\0';) {
        const size_t size = strcspn(name, ",");

        mariadb_run(server, arena_printf(test->arena, "DELETE FROM %.*s", (int)size, name));
        name += size + (name[size] == ',');
    }
}

void test_db_clear(struct test_db *test)
{
    for (int i = 0; i < n_servers; i++)
        clear_server(test, servers[i]);
    test_db_run(test, "INSERT INTO bmt_platform.clock (clock_id, offset_ms) VALUES (1, 0)");
}

long long test_db_checksum(struct test_db *test)
{
    uint64_t sum = 0; /* may wrap */

    for (int i = 0; i < n_servers; i++)
        sum = sum * 31 + (uint64_t)mariadb_mix(
                             servers[i], arena_printf(test->arena, "CHECKSUM TABLE %s", tables(test, servers[i])));
    return (long long)sum;
}
