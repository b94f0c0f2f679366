/* Histories; see history.h. */
#include "verify/history.h"

static const struct seen_column list[] = {
    SEEN(event_seen, id),   SEEN(event_seen, version), SEEN(event_seen, event),
    SEEN(event_seen, from), SEEN(event_seen, to),
};
const struct seen_columns history_columns = {list, COUNT_OF(list), sizeof(struct event_seen)};

bool history_leads(const struct fsm *fsm, int64_t state, int64_t version, const struct event_seen *events, size_t n)
{
    int64_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const struct event_seen *e = &events[i];
        int to;

        if (e->version != (int64_t)i + 1 || e->from != at || !fsm_next(fsm, (int)e->from, (int)e->event, &to) ||
            to != e->to)
            return false;
        at = e->to;
    }
    return at == state && version == (int64_t)n;
}

void history_fault(const struct fsm *fsm, int64_t state, int64_t version, const struct event_seen *events, size_t n,
                   char what[FINDING_TEXT_SIZE])
{
    int64_t at = 1; /* CREATED */
    int to;

    what[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const struct event_seen *e = &events[i];

        if (e->version != (int64_t)i + 2 || e->from != at || !fsm_next(fsm, (int)e->from, (int)e->event, &to) ||
            to != e->to) {
            snprintf(what, FINDING_TEXT_SIZE, "event %lld from %s by %s to %s does not follow %s",
                     (long long)e->version, fsm_state_name(fsm, (int)e->from), fsm_event_name(fsm, (int)e->event),
                     fsm_state_name(fsm, (int)e->to), fsm_state_name(fsm, (int)at));
            return;
        }
        at = e->to;
    }
    if (at != state || version != (int64_t)n + 1)
        snprintf(what, FINDING_TEXT_SIZE, "stands at %s version %lld, its history ends at %s version %zu",
                 fsm_state_name(fsm, (int)state), (long long)version, fsm_state_name(fsm, (int)at), n + 1);
}
