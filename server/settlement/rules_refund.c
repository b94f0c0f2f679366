/* How much of a refund falls on each line of its order; see rules.h. */
#include <stdlib.h>

#include "base/check.h"
#include "settlement/rules.h"

/* A line gets no more than is left of it; what does not fit goes to the others, in proportion to what is left there. */
int refund_lines(int64_t amount_minor, const int64_t *weights, const int64_t *left, size_t n, int64_t *ret_parts)
{
    int64_t room[REVERSAL_PARTS_MAX];
    int64_t more[REVERSAL_PARTS_MAX];
    int64_t sum = 0;
    int64_t excess = 0;
    int rc;

    PRE(n > 0 && n <= REVERSAL_PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    /* More than the units cost: all that they cost, and the rest from what is left. */
    rc = share_reverse(amount_minor < sum ? amount_minor : sum, weights, n, ret_parts);
    if (rc != 0)
        return rc;
    excess = amount_minor < sum ? 0 : amount_minor - sum;
    for (size_t i = 0; i < n; i++) {
        const int64_t over = ret_parts[i] > left[i] ? ret_parts[i] - left[i] : 0;

        ret_parts[i] -= over;
        excess += over;
        room[i] = left[i] - ret_parts[i];
    }
    rc = share_reverse(excess, room, n, more);
    for (size_t i = 0; i < n && rc == 0; i++)
        ret_parts[i] += more[i];
    return rc;
}
