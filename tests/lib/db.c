/* The tests' database; see db.h. Its own connection is for looking at rows, and apart from the sessions under test. */
#include "lib/db.h"

#include <fcntl.h>
#include <mysql.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/migrate.h"

enum { START_TRIES = 400, START_PAUSE_MS = 25 };

static pid_t server_pid;
static MYSQL *eye;
static char socket_path[100];
static char folder_path[80];

static _Noreturn void give_up(const char *what)
{
    char command[256];

    fprintf(stderr, "tests' database: %s\n", what);
    snprintf(command, sizeof command, "tail -n 20 %s/log >&2", folder_path);
    if (folder_path[0] != '\0' && system(command) != 0)
        fputs("there is no log\n", stderr);
    exit(99);
}

static void run(const char *command)
{
    if (system(command) != 0)
        give_up(command);
}

static void make_data_folder(void)
{
    char command[512];
    const char *temporary = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";

    snprintf(folder_path, sizeof folder_path, "%s/bmt-test-XXXXXX", temporary);
    if (strlen(temporary) > 60 || mkdtemp(folder_path) == NULL)
        give_up("cannot make a temporary folder");
    snprintf(socket_path, sizeof socket_path, "%s/db.sock", folder_path);
    snprintf(command, sizeof command,
             "mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --force %s "
             "--datadir=%s/db >%s/log 2>&1",
             geteuid() == 0 ? "--user=root" : "", folder_path, folder_path);
    run(command);
}

static void start_server(void)
{
    char log[100];
    char data[100];
    char socket_option[128];

    snprintf(log, sizeof log, "%s/log", folder_path);
    snprintf(data, sizeof data, "--datadir=%s/db", folder_path);
    snprintf(socket_option, sizeof socket_option, "--socket=%s", socket_path);
    server_pid = fork();
    if (server_pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the database goes with the test program */
    const int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execlp("mariadbd", "mariadbd", "--no-defaults", geteuid() == 0 ? "--user=root" : "--symbolic-links=0", data,
           socket_option, "--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
           "--skip-log-bin", (char *)NULL);
    _exit(127);
}

static void connect_eye(void)
{
    for (int i = 0; i < START_TRIES; i++) {
        eye = mysql_init(NULL);
        if (mysql_real_connect(eye, NULL, "root", NULL, NULL, 0, socket_path, 0) != NULL)
            return;
        mysql_close(eye);
        poll(NULL, 0, START_PAUSE_MS);
    }
    give_up("does not answer");
}

struct test_db *test_db_start(void)
{
    struct arena *arena = arena_new(64 << 20);
    struct test_db *test = arena_new_of(arena, struct test_db);
    char path[120];
    FILE *file;

    make_data_folder();
    start_server();
    snprintf(path, sizeof path, "%s/bmtd.conf", folder_path);
    file = fopen(path, "w");
    fprintf(
        file,
        "mode = \"sandbox\";\ndatabase: { servers = ( { name = \"main\"; socket = \"%s\"; user = \"root\"; } ); };\n",
        socket_path);
    fclose(file);

    test->arena = arena;
    test->folder = folder_path;
    test->conf = arena_new_of(arena, struct conf);
    if (conf_load(path, arena, test->conf, stderr) != 0 || db_open(test->conf, arena, &test->db, stderr) != 0)
        give_up("settings");
    connect_eye();
    FILE *progress = fopen("/dev/null", "w");

    if (migrate_up(test->db, progress) != 0)
        give_up("migrations");
    fclose(progress);
    db_thread_begin();
    test->session = session_new(test->db);
    return test;
}

void test_db_stop(struct test_db *test)
{
    char command[128];

    session_free(test->session);
    mysql_close(eye);
    db_thread_end();
    db_close(test->db);
    if (server_pid > 0) {
        kill(server_pid, SIGCONT);
        kill(server_pid, SIGKILL);
        waitpid(server_pid, NULL, 0);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder_path);
    run(command);
    arena_free(test->arena);
}

void test_db_run(struct test_db *test, const char *statement)
{
    (void)test;
    if (mysql_query(eye, statement) != 0) {
        fprintf(stderr, "%s\n  %s\n", mysql_error(eye), statement);
        give_up("a statement of the test failed");
    }
    MYSQL_RES *result = mysql_store_result(eye);

    if (result != NULL)
        mysql_free_result(result);
}

long long test_db_number(struct test_db *test, const char *query)
{
    long long number = -1;

    (void)test;
    if (mysql_query(eye, query) != 0) {
        fprintf(stderr, "%s\n  %s\n", mysql_error(eye), query);
        give_up("a query of the test failed");
    }
    MYSQL_RES *result = mysql_store_result(eye);
    MYSQL_ROW row = mysql_fetch_row(result);

    if (row != NULL && row[0] != NULL)
        number = strtoll(row[0], NULL, 10);
    mysql_free_result(result);
    return number;
}

/* Names of all tables that hold the product's rows, separated by spaces. */
static char *tables(struct test_db *test)
{
    (void)test;
    if (mysql_query(eye, "SET SESSION group_concat_max_len = 65536") != 0 ||
        mysql_query(eye, "SELECT GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY 1 SEPARATOR ',') "
                         "FROM information_schema.tables WHERE table_schema LIKE 'bmt\\_%' "
                         "AND table_name <> 'schema_migrations' AND table_name NOT IN ('jobs', 'replicas', "
                         "'txn_branches', 'txn_decisions')") != 0)
        give_up("cannot list the tables");
    MYSQL_RES *result = mysql_store_result(eye);
    char *names = arena_strdup(test->arena, mysql_fetch_row(result)[0]);

    mysql_free_result(result);
    return names;
}

void test_db_clear(struct test_db *test)
{
    char *names = tables(test);
    char statement[160];

    for (char *name = names; *name != '\0';) {
        const size_t size = strcspn(name, ",");

        snprintf(statement, sizeof statement, "DELETE FROM %.*s", (int)size, name);
        test_db_run(test, statement);
        name += size + (name[size] == ',');
    }
    test_db_run(test, "INSERT INTO bmt_platform.clock (clock_id, offset_ms) VALUES (1, 0)");
}

long long test_db_checksum(struct test_db *test)
{
    long long sum = 0;
    char *query = arena_printf(test->arena, "CHECKSUM TABLE %s", tables(test));
    MYSQL_ROW row;

    if (mysql_query(eye, query) != 0)
        give_up(mysql_error(eye));
    MYSQL_RES *result = mysql_store_result(eye);

    while ((row = mysql_fetch_row(result)) != NULL)
        sum = (sum * 31 + (row[1] != NULL ? strtoll(row[1], NULL, 10) : 0)) & INT64_MAX >> 8;
    mysql_free_result(result);
    return sum;
}

int test_db_pid(const struct test_db *test)
{
    (void)test;
    return (int)server_pid;
}
