/* Transition tables; see fsm.h. They are short: a walk is as fast as an index. */
#include "base/fsm.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool fsm_next(const struct fsm *fsm, int state, int event, int *ret_to)
{
    for (size_t i = 0; i < fsm->n_rows; i++)
        if (fsm->rows[i].from == state && fsm->rows[i].event == event) {
            *ret_to = fsm->rows[i].to;
            return true;
        }
    return false;
}

bool fsm_is_final(const struct fsm *fsm, int state)
{
    for (size_t i = 0; i < fsm->n_rows; i++)
        if (fsm->rows[i].from == state)
            return false;
    return true;
}

const char *fsm_allowed(const struct fsm *fsm, int event, char *text, size_t size)
{
    size_t at = 0;

    PRE(size > 0);
    text[0] = '\0';
    for (size_t i = 0; i < fsm->n_rows; i++) {
        if (fsm->rows[i].event != event)
            continue;
        const int written =
            snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "", fsm_state_name(fsm, fsm->rows[i].from));

        INVARIANT(written > 0 && (size_t)written < size - at);
        at += (size_t)written;
    }
    return text;
}

const char *fsm_state_name(const struct fsm *fsm, int state)
{
    return state >= 0 && (size_t)state < fsm->n_states ? fsm->states[state] : "UNKNOWN";
}

const char *fsm_event_name(const struct fsm *fsm, int event)
{
    return event >= 0 && (size_t)event < fsm->n_events ? fsm->events[event] : "UNKNOWN";
}

int fsm_state_of(const struct fsm *fsm, const char *name)
{
    for (size_t i = 1; i < fsm->n_states; i++)
        if (strcmp(fsm->states[i], name) == 0)
            return (int)i;
    return 0;
}

/* The states to which rows lead from `start`, one bit each. Every walk over the rows adds at least one, or is the last.
 */
static uint64_t reachable_from(const struct fsm *fsm, int start)
{
    uint64_t reached = UINT64_C(1) << start;
    uint64_t before;

    do {
        before = reached;
        for (size_t i = 0; i < fsm->n_rows; i++)
            if ((reached >> fsm->rows[i].from & 1) != 0)
                reached |= UINT64_C(1) << fsm->rows[i].to;
    } while (reached != before);
    return reached;
}

static bool is_inside(const struct fsm *fsm, const struct fsm_row *row)
{
    return row->from >= 0 && (size_t)row->from < fsm->n_states && row->to > 0 && (size_t)row->to < fsm->n_states &&
           row->event > 0 && (size_t)row->event < fsm->n_events;
}

static bool is_used(const struct fsm *fsm, int event)
{
    for (size_t i = 0; i < fsm->n_rows; i++)
        if (fsm->rows[i].event == event)
            return true;
    return false;
}

static bool is_unique(const struct fsm *fsm, size_t which)
{
    for (size_t i = 0; i < which; i++)
        if (fsm->rows[i].from == fsm->rows[which].from && fsm->rows[i].event == fsm->rows[which].event)
            return false;
    return true;
}

bool fsm_is_sound(const struct fsm *fsm, int start)
{
    PRE(fsm->n_states <= FSM_STATES_MAX && start >= 0 && (size_t)start < fsm->n_states);
    for (size_t i = 0; i < fsm->n_rows; i++)
        if (!is_inside(fsm, &fsm->rows[i]) || !is_unique(fsm, i))
            return false;
    const uint64_t reached = reachable_from(fsm, start);

    for (size_t state = 1; state < fsm->n_states; state++)
        if (fsm->states[state] == NULL || (reached >> state & 1) == 0)
            return false;
    for (size_t event = 1; event < fsm->n_events; event++)
        if (fsm->events[event] == NULL || !is_used(fsm, (int)event))
            return false;
    return true;
}
