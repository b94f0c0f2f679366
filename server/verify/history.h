/* Histories: the events of a row, sorted by version, against its table of states. For this room alone. */
#ifndef BMT_VERIFY_HISTORY_H
#define BMT_VERIFY_HISTORY_H

#include "base/fsm.h"
#include "verify/pass.h"

/* The events of a range of rows, sorted by row and version; they are taken row by row. */
struct histories {
    struct event_seen *events;
    size_t n, at;
    enum finding_kind kind; /* of an event whose row is not there */
    enum id_kind id_kind;
};

/* The events of the row, `ret_n` of them. Tells of those before it, whose rows are not there; at last with INT64_MAX.
 */
const struct event_seen *history_take(struct worker *worker, struct histories *of, int64_t id, size_t *ret_n);

/* `SELECT id, version, event, from_state, to_state`: struct event_seen. */
extern const struct seen_columns history_columns;

/* Whether the events lead, from before the row was there, to where it stands; its creation is the first of them. */
bool history_leads(const struct fsm *fsm, int64_t state, int64_t version, const struct event_seen *events, size_t n);

/*
 * The same of rows whose creation is not among their events: they begin in state 1 with version 1. Says what does not
 * follow; empty: all right.
 */
void history_fault(const struct fsm *fsm, int64_t state, int64_t version, const struct event_seen *events, size_t n,
                   char what[FINDING_TEXT_SIZE]);

#endif
