/*
 * Kept replies: what a writing method answered to a request_id, kept for ever in the table `requests` of the module
 * that was changed, in the transaction of the change. batch.c alone uses this.
 */
#ifndef BMT_SQL_REPLAY_H
#define BMT_SQL_REPLAY_H

#include "sql/batch.h"

/*
 * Answers repeats: commands whose request is known are done, with the kept reply, or refused with REQUEST_ID_REUSED
 * when it was another one.
 */
int replay_answer(struct tx *tx, enum module home, struct arena *arena, struct command **commands, size_t n,
                  struct err *err) MUST_CHECK;

/* Keeps the replies of these commands. A request_id that is known by now is a conflict. */
int replay_keep(struct tx *tx, enum module home, struct arena *arena, struct command **commands, size_t n,
                int64_t now_ms, struct err *err) MUST_CHECK;

#endif
