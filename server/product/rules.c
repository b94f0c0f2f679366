/* Amounts and spans; see rules.h. */
#include "product/rules.h"

#include "base/err.h"
#include "base/money.h"
#include "product/state.h"

static const int64_t YEAR_9999_MS = INT64_C(253402300799000);

int product_line_amount(int64_t quantity, int64_t unit_minor, int64_t *ret_minor)
{
    int64_t minor;

    if (__builtin_mul_overflow(quantity, unit_minor, &minor) || minor > MONEY_AMOUNT_MAX)
        return ERR_AMOUNT_OVERFLOW;
    *ret_minor = minor;
    return 0;
}

int product_total(const int64_t *amounts_minor, size_t n, int64_t *ret_minor)
{
    int64_t total = 0;

    for (size_t i = 0; i < n; i++) {
        if (amounts_minor[i] > MONEY_AMOUNT_MAX - total)
            return ERR_AMOUNT_OVERFLOW;
        total += amounts_minor[i];
    }
    *ret_minor = total;
    return 0;
}

static int64_t duration_end(int64_t start_ms, int64_t seconds, int64_t quantity)
{
    int64_t span_ms;
    int64_t end_ms;

    if (__builtin_mul_overflow(seconds, quantity, &span_ms) || __builtin_mul_overflow(span_ms, 1000, &span_ms) ||
        __builtin_add_overflow(start_ms, span_ms, &end_ms) || end_ms > YEAR_9999_MS)
        return YEAR_9999_MS;
    return end_ms;
}

struct lot_terms product_lot_terms(int kind, int64_t grant_amount, int64_t quantity, int64_t now_ms,
                                   int64_t held_until_ms)
{
    struct lot_terms terms = {.start_time_ms = now_ms};

    if (kind == GRANT_DURATION) {
        if (held_until_ms > now_ms)
            terms.start_time_ms = held_until_ms;
        terms.end_time_ms = duration_end(terms.start_time_ms, grant_amount, quantity);
    } else if (kind == GRANT_COUNT && __builtin_mul_overflow(grant_amount, quantity, &terms.granted)) {
        terms.granted = INT64_MAX;
    }
    return terms;
}

int64_t product_recalled_end(int kind, int64_t start_time_ms, int64_t end_time_ms, int64_t units, int64_t left)
{
    if (kind != GRANT_DURATION || units == 0)
        return end_time_ms;
    const __int128 span_ms = (__int128)(end_time_ms - start_time_ms) * left;

    return start_time_ms + (int64_t)((span_ms + units - 1) / units);
}

int64_t product_recalled_pieces(int64_t granted, int64_t quantity, int64_t recalled, int64_t remaining)
{
    const __int128 pieces = (__int128)granted * recalled / quantity;

    return pieces < remaining ? remaining - (int64_t)pieces : 0;
}
