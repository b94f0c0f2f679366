/*
 * State machines as tables: which event leads from which state to which. Pure; the mover in store.c writes.
 */
#ifndef BMT_BASE_FSM_H
#define BMT_BASE_FSM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct fsm_row {
    int from;
    int event;
    int to;
};

/* States and events are small numbers from 1 on (0 is "unspecified"); names are indexed by them. */
struct fsm {
    const char *name;
    const char *const *states;
    size_t n_states;
    const char *const *events;
    size_t n_events;
    const struct fsm_row *rows;
    size_t n_rows;
};

/* Finds where the event leads. Returns false when the table does not allow it; `ret_to` is set on success only. */
bool fsm_next(const struct fsm *fsm, int state, int event, int *ret_to) MUST_CHECK;

/* Whether no row leaves the state. */
bool fsm_is_final(const struct fsm *fsm, int state);

/* The states from which the event is allowed, `A, B`: for the refusal's metadata. Returns text. */
const char *fsm_allowed(const struct fsm *fsm, int event, char *text, size_t size);

const char *fsm_state_name(const struct fsm *fsm, int state);
const char *fsm_event_name(const struct fsm *fsm, int event);

/* Finds a state by its name, 0 when there is none. */
int fsm_state_of(const struct fsm *fsm, const char *name);

enum { FSM_STATES_MAX = 64 };

/*
 * Whether every state is named and reachable from `start`, every event is named and used, every row names states and
 * events that exist, and no (state, event) stands twice. For tests of the tables; at most FSM_STATES_MAX states.
 */
bool fsm_is_sound(const struct fsm *fsm, int start);

#endif
