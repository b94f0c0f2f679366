/* A private mariadbd; see mariadb.h. */
#include "lib/mariadb.h"

#include <fcntl.h>
#include <mysql.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES = 800, START_PAUSE_MS = 25 };

struct mariadb {
    const char *folder; /* holds `db`, `log` and `db.sock` */
    const char *socket;
    pid_t pid;
    MYSQL *eye;
};

static _Noreturn void give_up(const struct mariadb *server, const char *what)
{
    char command[256];

    fprintf(stderr, "tests' database: %s\n", what);
    snprintf(command, sizeof command, "tail -n 20 %s/log >&2", server->folder);
    if (system(command) != 0)
        fputs("there is no log\n", stderr);
    exit(99);
}

static void make_data(const struct mariadb *server)
{
    char command[512];

    snprintf(command, sizeof command, "mkdir -p %s/tmp && %s/tests/lib/database_files %s/db 2>%s/log", server->folder,
             BMT_SOURCE_DIR, server->folder, server->folder);
    if (system(command) != 0)
        give_up(server, command);
}

static void launch(struct mariadb *server)
{
    char log[128];
    char data[128];
    char temporary[128];
    char socket_option[128];

    snprintf(log, sizeof log, "%s/log", server->folder);
    snprintf(temporary, sizeof temporary, "%s/tmp", server->folder);
    snprintf(data, sizeof data, "--datadir=%s/db", server->folder);
    snprintf(socket_option, sizeof socket_option, "--socket=%s", server->socket);
    server->pid = fork();
    if (server->pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the database goes with the test program */
    const int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    setenv("TMPDIR", temporary, 1); /* a starting server deletes the temporary tables that it finds in a shared one */
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execlp("mariadbd", "mariadbd", "--defaults-file=" BMT_SOURCE_DIR "/tests/lib/database.cnf",
           geteuid() == 0 ? "--user=root" : "--symbolic-links=0", data, socket_option, (char *)NULL);
    _exit(127);
}

static void connect_eye(struct mariadb *server)
{
    for (int i = 0; i < START_TRIES; i++) {
        server->eye = mysql_init(NULL);
        if (mysql_real_connect(server->eye, NULL, "root", NULL, NULL, 0, server->socket, 0) != NULL)
            return;
        mysql_close(server->eye);
        poll(NULL, 0, START_PAUSE_MS);
    }
    give_up(server, "does not answer");
}

struct mariadb *mariadb_start(const char *folder, const char *name, struct arena *arena)
{
    struct mariadb *server = arena_new_of(arena, struct mariadb);

    server->folder = arena_printf(arena, "%s/%s", folder, name);
    server->socket = arena_printf(arena, "%s/db.sock", server->folder);
    make_data(server);
    launch(server);
    connect_eye(server);
    return server;
}

void mariadb_kill(struct mariadb *server)
{
    mysql_close(server->eye);
    server->eye = NULL;
    kill(server->pid, SIGCONT);
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

void mariadb_restart(struct mariadb *server)
{
    launch(server);
    connect_eye(server);
}

void mariadb_new_eye(struct mariadb *server)
{
    mysql_close(server->eye);
    connect_eye(server);
}

void mariadb_stop(struct mariadb *server)
{
    mariadb_kill(server);
}

const char *mariadb_socket(const struct mariadb *server)
{
    return server->socket;
}

int mariadb_pid(const struct mariadb *server)
{
    return (int)server->pid;
}

static MYSQL_RES *ask(struct mariadb *server, const char *query)
{
    if (mysql_query(server->eye, query) != 0) {
        fprintf(stderr, "%s\n  %s\n", mysql_error(server->eye), query);
        give_up(server, "a statement of the test failed");
    }
    return mysql_store_result(server->eye);
}

void mariadb_run(struct mariadb *server, const char *statement)
{
    MYSQL_RES *result = ask(server, statement);

    if (result != NULL)
        mysql_free_result(result);
}

const char *mariadb_text(struct mariadb *server, const char *query, struct arena *arena)
{
    MYSQL_RES *result = ask(server, query);
    MYSQL_ROW row = mysql_fetch_row(result);
    const char *text = row != NULL && row[0] != NULL ? arena_strdup(arena, row[0]) : NULL;

    mysql_free_result(result);
    return text;
}

long long mariadb_mix(struct mariadb *server, const char *query)
{
    MYSQL_RES *result = ask(server, query);
    const unsigned last = mysql_num_fields(result) - 1;
    long long sum = 0;
    MYSQL_ROW row;

    while ((row = mysql_fetch_row(result)) != NULL)
        sum = (sum * 31 + (row[last] != NULL ? strtoll(row[last], NULL, 10) : 0)) & INT64_MAX >> 8;
    mysql_free_result(result);
    return sum;
}

bool mariadb_try(struct mariadb *server, const char *statement)
{
    if (mysql_query(server->eye, statement) != 0)
        return true;
    MYSQL_RES *result = mysql_store_result(server->eye);

    if (result != NULL)
        mysql_free_result(result);
    return false;
}
