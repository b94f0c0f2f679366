/* How much of a refund falls on each line of its order; see rules.h. */
#include <stdlib.h>

#include "base/check.h"
#include "settlement/rules.h"

/*
 * A line gets no more than its units had cost, and than is left of it; what does not fit goes to the others, in
 * proportion to what is left there.
 */
int refund_lines(int64_t amount_minor, const int64_t *weights, const int64_t *left, size_t n, int64_t *ret_parts)
{
    int64_t fitting[REVERSAL_PARTS_MAX];
    int64_t room[REVERSAL_PARTS_MAX];
    int64_t more[REVERSAL_PARTS_MAX];
    int64_t sum = 0;
    int rc;

    PRE(n > 0 && n <= REVERSAL_PARTS_MAX);
    for (size_t i = 0; i < n; i++) {
        fitting[i] = weights[i] < left[i] ? weights[i] : left[i];
        sum += fitting[i];
    }
    rc = share_reverse(amount_minor < sum ? amount_minor : sum, fitting, n, ret_parts);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        room[i] = left[i] - ret_parts[i];
    rc = share_reverse(amount_minor < sum ? 0 : amount_minor - sum, room, n, more);
    for (size_t i = 0; i < n && rc == 0; i++)
        ret_parts[i] += more[i];
    return rc;
}
