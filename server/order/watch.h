/*
 * Who watches which order: the hub behind WatchOrder.
 *
 * After a commit the flow tells the hub which orders changed; a poll tells it of changes by other replicas. The hub
 * reads the new events of all watched orders that changed in one query and sends them in order, each once: a stream
 * remembers the last version that it has shown.
 */
#ifndef BMT_ORDER_WATCH_H
#define BMT_ORDER_WATCH_H

#include <stddef.h>
#include <stdint.h>

/* These orders changed and are committed. Cheap when nobody watches. Thread-safe. */
void order_watch_changed(const int64_t *order_ids, size_t n);

#endif
