/*
 * Names of global transactions, as they stand in XA statements and in the tables txn_branches and txn_decisions:
 *
 *   bmt1.<cluster>.<id, 16 hexadecimal digits>.<home module>.<epoch, 8 hexadecimal digits>
 *
 * The id is one of base/id.h: it tells the age and the replica, and rows keep its order. The epoch tells processes
 * apart that held the same replica number. A branch is named by <module>.<connection id>: the schema that holds its
 * branch row, and the connection that owns it while it lives. At most 64 bytes each. Names of others, of other
 * clusters too, are never read as ours.
 */
#ifndef BMT_SQL_GTID_H
#define BMT_SQL_GTID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/module.h"

enum { GTID_SIZE = 65, BQUAL_SIZE = 40, CLUSTER_MAX = 16 };

struct gtid {
    int64_t id;
    enum module home;
    uint32_t epoch;
};

/* Whether a cluster's name can stand in a gtid: 1 to CLUSTER_MAX letters, digits, `_` and `-`. */
bool gtid_cluster_fits(const char *cluster);

/* Write the names; text holds GTID_SIZE, or BQUAL_SIZE bytes. */
void gtid_text(const char *cluster, const struct gtid *gtid, char *text);
void gtid_bqual_text(enum module module, unsigned long connection_id, char *text);

/* Read names of this cluster; false for all others. Texts need no NUL. */
bool gtid_parse(const char *cluster, const char *text, size_t size, struct gtid *ret_gtid);
bool gtid_bqual_parse(const char *text, size_t size, enum module *ret_module, unsigned long *ret_connection_id);

#endif
