/*
 * The record of reasons given: which lines of errors.def the server's own code has used at least once, written down so
 * that tools/ci can name the lines that no test reaches. It exists in builds with tests only, and there in the code of
 * the rooms, not in that of the tests; in every other build REASON_GIVEN leaves no code.
 *
 * The environment variable BMT_REASONS_FILE names the file that each process appends to, a reason a line.
 */
#ifndef BMT_BASE_REASON_H
#define BMT_BASE_REASON_H

#ifdef BMT_REASONS
void reason_given(int id);
#define REASON_GIVEN(id) reason_given((int)(id))
#else
#define REASON_GIVEN(id) ((void)0)
#endif

#endif
