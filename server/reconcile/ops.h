/* Commands on runs and breaks. */
#ifndef BMT_RECONCILE_OPS_H
#define BMT_RECONCILE_OPS_H

#include "reconcile/store.h"
#include "rpc/list.h"

struct start_run {
    struct command command;
    int64_t from_time_ms; /* 0: everything */
    struct run_row row;
};

struct get_run {
    struct command command;
    int64_t run_id;
    struct run_row *row;
};

struct list_runs {
    struct command command;
    struct list list;
    struct run_row *rows;
    size_t n;
};

struct get_break {
    struct command command;
    int64_t break_id;
    struct break_row *row;
};

struct close_break {
    struct command command;
    int64_t break_id;
    const char *reason;
    struct break_row row; /* as it is afterwards */
};

struct list_breaks {
    struct command command;
    struct list list;
    struct break_filter filter;
    struct break_row *rows;
    size_t n;
};

extern struct batch_plan start_run_plan, get_run_plan, list_runs_plan, get_break_plan, list_breaks_plan,
    close_break_plan;

/* A run that waits. */
struct run_row run_make(const char *requested_by, int64_t from_time_ms, int64_t now_ms);

/* Ends a break: fills the row's last part. */
struct break_row break_ended(const struct break_row *row, enum break_state state, const char *by, const char *reason,
                             const char *done, int64_t now_ms);

#endif
