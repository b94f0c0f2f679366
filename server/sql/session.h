/*
 * The inside of sessions and transactions, for this room alone; others use db.h, tx.h and sql.h.
 *
 * A session holds for each server two connections: one that writes (autocommit off, so that a transaction needs no
 * BEGIN) and one that reads (autocommit on, so that it needs no end). Both are opened when first needed.
 */
#ifndef BMT_SQL_SESSION_H
#define BMT_SQL_SESSION_H

#include <mysql.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/conf.h"
#include "sql/sql.h"
#include "sql/tx.h"
#include "sql/xa.h"

enum {
    STMT_CACHE_SIZE = 512, /* a power of two; about four times what a session prepares */
    ABANDONED_MAX = 64,    /* older ones are found by their age */
    SIGHTINGS_MAX = 1024,
    AWAITED_MAX = 16,
};

/* A statement as a connection has prepared it; `n_keys` is the size class of its {keys}, 0 without. */
struct prepared {
    const struct sql_stmt *stmt;
    size_t n_keys;
    MYSQL_STMT *handle;
};

/* A write that was sent, and what must come of it. */
struct awaited {
    const struct sql_stmt *stmt;
    MYSQL_STMT *handle;
    uint64_t expected;      /* rows; ROWS_ANY: whatever it was */
    uint64_t *ret_affected; /* the rows are added to it; NULL: nobody asks */
};
#define ROWS_ANY UINT64_MAX

struct connection {
    MYSQL *mysql; /* NULL: not open */
    struct session *session;
    bool is_mariadb;   /* takes arrays, and statements sent behind one another */
    bool is_impatient; /* waits for no lock */
    size_t n_prepared;
    struct prepared prepared[STMT_CACHE_SIZE];
    size_t n_awaited;
    struct awaited awaited[AWAITED_MAX];
};

struct tx {
    struct session *session;
    enum module home;
    bool is_open;
    bool is_read;
    bool joined[CONF_SERVERS_MAX];
    struct connection *flight; /* has writes whose answers are awaited; NULL: none */
    struct xa xa;
};

struct session {
    struct db *db;
    struct arena *own;     /* the session itself and its connections */
    struct arena *scratch; /* bindings of one statement */
    struct tx tx;
    bool is_impatient;                                   /* its connections shall wait for no lock */
    bool met_lock;                                       /* in the last transaction */
    struct connection *connections[CONF_SERVERS_MAX][2]; /* [server][is_read] */
};

/* When this process first saw a prepared transaction. */
struct sighting {
    int64_t id;
    int64_t first_ns;
};

struct db {
    const struct conf *conf;
    size_t server_of[MODULE_COUNT];
    const char *passwords[CONF_SERVERS_MAX];
    bool is_spread; /* over several servers: transactions may need two phases */
    uint32_t epoch; /* of this process, for names of transactions */
    pthread_mutex_t abandoned_lock;
    size_t n_abandoned;
    char abandoned[ABANDONED_MAX][GTID_SIZE];
    struct sighting sightings[SIGHTINGS_MAX]; /* under the same lock */
};

/* An open connection of the session to the server, of the kind that the transaction needs. */
int session_connection(struct session *session, size_t server, bool is_read, struct connection **ret_connection,
                       struct err *err) MUST_CHECK;

/* Closes it; the next use opens a new one. */
void connection_close(struct connection *connection);

/* The transaction's connection to the statement's module; opens the server's branch where it needs one. */
enum tx_use { TX_READ, TX_WRITE };
int tx_connection(struct tx *tx, enum module module, enum tx_use use, struct connection **ret_connection,
                  struct err *err) MUST_CHECK;

/* Commits the home server's local transaction; an error other than COMMIT_UNCERTAIN leaves nothing of it. */
int tx_commit_home(struct connection *home, struct err *err) MUST_CHECK;

/* Sends a write whose values are bound, without waiting for its answer (flight.c). */
int flight_send(struct connection *connection, const struct awaited *what, struct err *err) MUST_CHECK;

/* Reads the answers that are awaited: 0, or the first error, counts that are not what they must be included. */
int flight_land(struct connection *connection, struct err *err) MUST_CHECK;

/* The same for the transaction's. */
int tx_land(struct tx *tx, struct err *err) MUST_CHECK;

/* The prepared statement for this size class. */
int stmt_prepared(struct connection *connection, const struct sql_stmt *stmt, size_t n_keys, MYSQL_STMT **ret_handle,
                  struct err *err) MUST_CHECK;

/*
 * What a failed statement means, as an error of sql.h; closes a connection that was lost. `doing` names the statement
 * for the log.
 */
int sql_failed(struct connection *connection, unsigned number, const char *text, const char *doing, struct err *err);

/*
 * What a COMMIT that failed with this number has left. BATCH_CONFLICT, DATABASE_UNAVAILABLE: surely nothing, these are
 * the few that a server answers instead of committing. COMMIT_UNCERTAIN: any other number, known or not, since whoever
 * takes a stored change for a failed one undoes its branches or does it twice.
 */
int sql_commit_outcome(unsigned number);

/* Whether the connection is gone, so that nobody knows what the server did last. */
bool sql_is_lost(unsigned number);

#endif
