/*
 * Contracts between our own functions, and a few words that the compiler checks for us.
 *
 * PRE, POST and INVARIANT guard against programmers' errors only; they stay on in release. Whatever a client, the
 * database or the network can cause is handled, never asserted.
 */
#ifndef BMT_BASE_CHECK_H
#define BMT_BASE_CHECK_H

#include <stddef.h>

/* Prints the broken contract to stderr and aborts. */
_Noreturn void check_failed(const char *kind, const char *condition, const char *file, int line);

#define CHECK_(kind, condition) ((condition) ? (void)0 : check_failed(kind, #condition, __FILE__, __LINE__))

/* What the caller owes, what the function owes, what holds in between. */
#define PRE(condition)       CHECK_("precondition", condition)
#define POST(condition)      CHECK_("postcondition", condition)
#define INVARIANT(condition) CHECK_("invariant", condition)

/* The result says whether it worked; ignoring it is an error. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define PRINTF_LIKE(format_index, first_argument) __attribute__((format(printf, format_index, first_argument)))

/* Calls `function(&variable)` when the variable leaves its scope. */
#define CLEANUP(function) __attribute__((cleanup(function)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
