/* Amounts of refunds; see rules.h. Units x price cannot overflow: each order's total was checked when it was made. */
#include "order/rules.h"

static const struct refundable_line *line_of(const struct refundable_line *lines, size_t n, int32_t line_no)
{
    for (size_t i = 0; i < n; i++)
        if (lines[i].line_no == line_no)
            return &lines[i];
    return NULL;
}

static int64_t room_of(const struct refundable_line *line, int64_t quantity)
{
    const int64_t cost_minor = quantity * line->unit_minor;
    const int64_t undisputed_minor = line->quantity_left * line->unit_minor - line->disputed_minor;

    if (undisputed_minor <= 0)
        return 0;
    return cost_minor < undisputed_minor ? cost_minor : undisputed_minor;
}

int64_t order_refund_max(const struct refundable_line *lines, size_t n_lines, const struct refund_want *wants,
                         size_t n_wants)
{
    int64_t sum_minor = 0;

    for (size_t i = 0; i < n_wants; i++) {
        const struct refundable_line *line = line_of(lines, n_lines, wants[i].line_no);

        sum_minor += line != NULL ? room_of(line, wants[i].quantity) : 0;
    }
    return sum_minor;
}

struct refund_terms order_refund_terms(const struct refundable_line *lines, size_t n_lines,
                                       const struct refund_want *wants, size_t n_wants, int64_t left_minor,
                                       int64_t amount_minor)
{
    int64_t max_minor = order_refund_max(lines, n_lines, wants, n_wants);

    for (size_t i = 0; i < n_wants; i++) {
        const struct refundable_line *line = line_of(lines, n_lines, wants[i].line_no);

        if (line == NULL)
            return (struct refund_terms){.fault = REFUND_NO_SUCH_LINE, .line_no = wants[i].line_no};
        if (wants[i].quantity > line->quantity_left)
            return (struct refund_terms){
                .fault = REFUND_LINE_TOO_LARGE, .line_no = wants[i].line_no, .left = line->quantity_left};
    }
    if (max_minor > left_minor)
        max_minor = left_minor;
    if (amount_minor > max_minor || max_minor == 0)
        return (struct refund_terms){.fault = REFUND_AMOUNT_TOO_LARGE, .left = max_minor};
    return (struct refund_terms){.fault = REFUND_FITS, .amount_minor = amount_minor != 0 ? amount_minor : max_minor};
}
