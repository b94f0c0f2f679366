/* Histories; see history.h. */
#include "verify/history.h"

static const struct seen_column list[] = {
    SEEN(event_seen, id),   SEEN(event_seen, version), SEEN(event_seen, event),
    SEEN(event_seen, from), SEEN(event_seen, to),
};
const struct seen_columns history_columns = {list, COUNT_OF(list), sizeof(struct event_seen)};

static void tell_lost(struct worker *worker, const struct histories *of, const struct event_seen *e)
{
    struct finding finding = {.kind = of->kind, .id_kind = of->id_kind, .id = e->id};

    snprintf(finding.what, sizeof finding.what, "has an event of version %lld, and is not there",
             (long long)e->version);
    pass_found(worker, e->id, &finding);
}

const struct event_seen *history_take(struct worker *worker, struct histories *of, int64_t id, size_t *ret_n)
{
    const struct event_seen *first;

    for (; of->at < of->n && of->events[of->at].id < id; of->at++)
        tell_lost(worker, of, &of->events[of->at]);
    first = of->events + of->at;
    for (*ret_n = 0; of->at < of->n && of->events[of->at].id == id; of->at++)
        ++*ret_n;
    return first;
}

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
