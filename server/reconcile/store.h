/* Rows of the reconcile module and the statements on them. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_RECONCILE_STORE_H
#define BMT_RECONCILE_STORE_H

#include "rpc/page.h"
#include "sql/batch.h"

enum run_state { RUN_WAITING = 1, RUN_RUNNING = 2, RUN_DONE = 3, RUN_FAILED = 4 };
enum break_state { BREAK_OPEN = 1, BREAK_REPAIRED = 2, BREAK_GONE = 3, BREAK_CLOSED = 4 };

struct run_row {
    int64_t run_id;
    int32_t state;
    const char *requested_by;
    int64_t from_time_ms; /* 0: everything */
    const char *pass;
    int32_t share_percent;
    int64_t row_count;
    int64_t order_count;
    int64_t payment_count;
    int64_t refund_count;
    int64_t break_count;
    int64_t new_count;
    int64_t gone_count;
    const char *detail;
    int64_t create_time_ms;
    int64_t start_time_ms;
    int64_t end_time_ms;
    int32_t state_read; /* what an update expects to find */
};

struct break_row {
    int64_t break_id;
    int64_t biz_id;
    const char *kind;
    const char *object;
    int64_t object_id; /* 0: none */
    int32_t pass;      /* enum verify_pass, and the key there */
    int64_t pass_key;
    const char *what;
    int32_t state;
    int64_t ended_id; /* 0 while OPEN, else break_id */
    int64_t first_run_id;
    int64_t last_run_id;
    const char *ended_by;
    const char *reason;
    const char *done;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int64_t end_time_ms;
};

/* An open break by its subject. */
struct break_key {
    const char *kind;
    const char *object;
};

struct break_count {
    const char *kind;
    int64_t n;
};

/* What a run that found nothing of it any more closes. */
struct gone_scope {
    int64_t run_id;
    int64_t first_key; /* keys from here on were looked at; 0: all */
    bool is_part;      /* kept replies were not looked at */
    int32_t limit;
};

int reconcile_store_insert_run(struct tx *tx, const struct run_row *row, struct err *err) MUST_CHECK;
int reconcile_store_find_run(struct tx *tx, int64_t run_id, struct arena *arena, struct run_row **ret_rows,
                             size_t *ret_n, struct err *err) MUST_CHECK;
/* The oldest run that is not over, and the newest of all; none or one row. */
int reconcile_store_next_run(struct tx *tx, struct arena *arena, struct run_row **ret_rows, size_t *ret_n,
                             struct err *err) MUST_CHECK;
int reconcile_store_last_run(struct tx *tx, struct arena *arena, struct run_row **ret_rows, size_t *ret_n,
                             struct err *err) MUST_CHECK;
/* THE mover of runs: writes all but what was asked for, of a run that still stands at state_read. */
int reconcile_store_update_run(struct tx *tx, const struct run_row *row, struct err *err) MUST_CHECK;
int reconcile_store_list_runs(struct tx *tx, const struct page *page, struct arena *arena, struct run_row **ret_rows,
                              size_t *ret_n, struct err *err) MUST_CHECK;

int reconcile_store_insert_breaks(struct tx *tx, const struct break_row *rows, size_t n, struct err *err) MUST_CHECK;
int reconcile_store_find_break(struct tx *tx, int64_t break_id, struct arena *arena, struct break_row **ret_rows,
                               size_t *ret_n, struct err *err) MUST_CHECK;
int reconcile_store_find_open(struct tx *tx, const struct break_key *keys, size_t n, struct arena *arena,
                              struct break_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Notes that open breaks were seen again: what, pass_key, last_run_id, update_time_ms. */
int reconcile_store_see_breaks(struct tx *tx, const struct break_row *rows, size_t n, struct err *err) MUST_CHECK;
/* THE mover of breaks: ends those that are still open. `ret_n` (may be NULL) counts them. */
int reconcile_store_end_breaks(struct tx *tx, const struct break_row *rows, size_t n, uint64_t *ret_n,
                               struct err *err) MUST_CHECK;
/* Open breaks of the scope that the run did not find. */
int reconcile_store_find_gone(struct tx *tx, const struct gone_scope *scope, struct arena *arena,
                              struct break_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* A page, newest first; `kind` empty for all. */
struct break_filter {
    int32_t state;
    const char *kind;
};
int reconcile_store_list_breaks(struct tx *tx, const struct break_filter *filter, const struct page *page,
                                struct arena *arena, struct break_row **ret_rows, size_t *ret_n,
                                struct err *err) MUST_CHECK;
/* How many are open, by kind. */
int reconcile_store_count_open(struct tx *tx, struct arena *arena, struct break_count **ret_rows, size_t *ret_n,
                               struct err *err) MUST_CHECK;

#endif
