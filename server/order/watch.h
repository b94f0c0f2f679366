/*
 * Who watches which order: the hub behind WatchOrder.
 *
 * A watcher remembers the last version that its stream has shown. After a commit the flow tells the hub which orders
 * changed (order_watch_changed); for changes by other replicas the hub looks at all watched orders every
 * rpc.watch_poll_ms. For the orders that may have changed it reads the rows and their events in a few statements and
 * sends each stream what it has not shown yet, in order and once. A stream without news gets a heartbeat every
 * rpc.heartbeat_ms. After a change to a final state the stream ends.
 */
#ifndef BMT_ORDER_WATCH_H
#define BMT_ORDER_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "order/ops.h"
#include "sql/db.h"

struct call;

/* The hub's thread. Stop it after the runtime has ended all streams. */
void order_watch_start(const struct conf *conf, struct db *db);
void order_watch_stop(void);

/* These orders changed and are committed. Cheap when nobody watches. Thread-safe. */
void order_watch_changed(const int64_t *order_ids, size_t n);

/* Sends the present order as the first message and every change from then on. */
void order_watch_add(struct call *call, const struct order_row *row, const struct order_lines *lines);

#endif
