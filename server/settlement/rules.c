/* Shares, reversals, periods, conversions; see rules.h. */
#include "settlement/rules.h"

#include <string.h>

#include "base/err.h"
#include "base/zone.h"

static const char *split_check_part(const struct split_rule_row *rule, const struct split_part_row *part)
{
    if (part->level < 1 || part->level > SPLIT_LEVEL_MAX)
        return "beyond the levels 1 to 8";
    if (part->value < 1)
        return "without a value";
    if (part->kind == SPLIT_FIXED)
        return rule->currency[0] == '\0' ? "fixed amounts without a currency" : NULL;
    if (part->kind != SPLIT_BASIS_POINTS)
        return "neither basis points nor fixed amounts";
    return part->value > BASIS_POINTS_WHOLE ? "more than 10,000 basis points" : NULL;
}

/* What is wrong with parts[at], given those before it; `level_bp` counts up the basis points of its level. */
static const char *split_check_order(const struct split_part_row *parts, size_t at, int64_t *level_bp)
{
    const struct split_part_row *part = &parts[at];

    if (at == 0 || parts[at - 1].level != part->level)
        *level_bp = 0;
    if (at > 0 && parts[at - 1].level > part->level)
        return "not in ascending order";
    for (size_t i = at; i > 0 && parts[i - 1].level == part->level; i--)
        if (parts[i - 1].partner_id == part->partner_id)
            return "naming a partner twice";
    if (part->kind == SPLIT_BASIS_POINTS)
        *level_bp += part->value;
    return *level_bp > BASIS_POINTS_WHOLE ? "more than 10,000 basis points" : NULL;
}

int split_check(const struct split_rule_row *rule, const struct split_part_row *parts, size_t n,
                struct split_problem *ret)
{
    int64_t level_bp = 0;

    for (size_t i = 0; i < n; i++) {
        const char *problem = split_check_part(rule, &parts[i]);

        if (problem == NULL)
            problem = split_check_order(parts, i, &level_bp);
        if (problem != NULL) {
            *ret = (struct split_problem){parts[i].level, problem};
            return -1;
        }
    }
    return 0;
}

/* A line while it is being divided. */
struct division {
    struct share *shares;
    size_t n;
    int64_t left_minor;
};

static void give(struct division *line, int64_t partner_id, int64_t amount_minor)
{
    size_t i = 0;

    INVARIANT(amount_minor >= 0 && amount_minor <= line->left_minor);
    while (i < line->n && line->shares[i].partner_id != partner_id)
        i++;
    if (i == line->n && amount_minor == 0)
        return;
    if (i == line->n)
        line->shares[line->n++] = (struct share){partner_id, 0};
    line->shares[i].amount_minor += amount_minor;
    line->left_minor -= amount_minor;
}

/* As much of it as is left. */
static void give_fixed(struct division *line, const struct split_part_row *part, int64_t quantity)
{
    int64_t amount_minor;

    if (__builtin_mul_overflow(part->value, quantity, &amount_minor) || amount_minor > line->left_minor)
        amount_minor = line->left_minor;
    give(line, part->partner_id, amount_minor);
}

/* By largest remainder; what the parts do not cover takes part in it, so that it is not rounded down every time. */
static void give_basis_points(struct division *line, const struct split_part_row *parts, size_t n)
{
    int64_t weights[SPLIT_PARTS_MAX + 1];
    struct money amounts[SPLIT_PARTS_MAX + 1];

    weights[n] = BASIS_POINTS_WHOLE;
    for (size_t i = 0; i < n; i++) {
        weights[i] = parts[i].kind == SPLIT_BASIS_POINTS ? parts[i].value : 0;
        weights[n] -= weights[i];
    }
    INVARIANT(money_split((struct money){.amount_minor = line->left_minor}, weights, n + 1, amounts) == 0);
    for (size_t i = 0; i < n; i++)
        give(line, parts[i].partner_id, amounts[i].amount_minor);
}

static int64_t sum_of(const struct share *shares, size_t n)
{
    int64_t sum_minor = 0;

    for (size_t i = 0; i < n; i++)
        sum_minor += shares[i].amount_minor;
    return sum_minor;
}

int split_line(const struct split_rule_row *rule, const struct split_part_row *parts, size_t n_parts,
               int64_t amount_minor, int64_t quantity, const char *currency, struct share *ret_shares, size_t *ret_n)
{
    struct division line = {.shares = ret_shares, .n = 1, .left_minor = amount_minor};
    struct split_problem problem;

    PRE(amount_minor >= 0 && quantity >= 0);
    if (amount_minor > MONEY_AMOUNT_MAX)
        return ERR_AMOUNT_OVERFLOW;
    if (rule == NULL)
        n_parts = 0;
    if (n_parts > SPLIT_PARTS_MAX || (rule != NULL && split_check(rule, parts, n_parts, &problem) != 0))
        return ERR_SPLIT_RATIO;

    ret_shares[0] = (struct share){0};
    for (size_t begin = 0, end = 0; begin < n_parts; begin = end) {
        while (end < n_parts && parts[end].level == parts[begin].level)
            end++;
        for (size_t i = begin; i < end; i++)
            if (parts[i].kind == SPLIT_FIXED && strcmp(rule->currency, currency) == 0)
                give_fixed(&line, &parts[i], quantity);
        give_basis_points(&line, parts + begin, end - begin);
    }
    give(&line, rule == NULL ? 0 : rule->remainder_partner_id, line.left_minor);

    INVARIANT(line.left_minor == 0 && line.n <= SHARES_MAX && sum_of(ret_shares, line.n) == amount_minor);
    *ret_n = line.n;
    return 0;
}

int share_reverse(int64_t amount_minor, const int64_t *left, size_t n, int64_t *ret_parts)
{
    struct money parts[REVERSAL_PARTS_MAX];
    __int128 sum = 0;

    PRE(amount_minor >= 0 && n > 0 && n <= REVERSAL_PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        sum += left[i];
    if (amount_minor > sum)
        return ERR_AMOUNT_OVERFLOW;
    if (sum == 0) {
        memset(ret_parts, 0, n * sizeof *ret_parts);
        return 0;
    }
    const int rc = money_split((struct money){.amount_minor = amount_minor}, left, n, parts);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        ret_parts[i] = parts[i].amount_minor;
        POST(ret_parts[i] >= 0 && ret_parts[i] <= left[i]);
    }
    return 0;
}

int64_t period_end_after(const struct partner_row *partner, int64_t after_ms)
{
    switch (partner->schedule) {
    case SCHEDULE_WEEKLY: return zone_next_week_ms(partner->time_zone, partner->cutoff_minutes, after_ms);
    case SCHEDULE_MONTHLY: return zone_next_month_ms(partner->time_zone, partner->cutoff_minutes, after_ms);
    default: return zone_next_day_ms(partner->time_zone, partner->cutoff_minutes, after_ms);
    }
}

enum { RATE_DIGITS_MAX = 10 };

static const int64_t RATE_UNIT = INT64_C(10000000000);

/* The rate in units of 10^-10: less than 10^20. */
static int read_rate(const char *text, __int128 *ret)
{
    static const char digits[] = "0123456789";
    const size_t whole = strspn(text, digits);
    const char *fraction = text[whole] == '\0' ? "0" : text + whole + 1;
    const size_t decimals = strspn(fraction, digits);
    __int128 rate = 0;

    if (text[whole] != '\0' && text[whole] != '.')
        return CONVERSION_RATE_MALFORMED;
    if (whole < 1 || whole > RATE_DIGITS_MAX || decimals < 1 || decimals > RATE_DIGITS_MAX ||
        fraction[decimals] != '\0')
        return CONVERSION_RATE_MALFORMED;
    for (size_t i = 0; i < whole; i++)
        rate = rate * 10 + (text[i] - '0');
    for (size_t i = 0; i < RATE_DIGITS_MAX; i++)
        rate = rate * 10 + (i < decimals ? fraction[i] - '0' : 0);
    if (rate == 0)
        return CONVERSION_RATE_MALFORMED;
    *ret = rate;
    return 0;
}

static bool is_amount(int64_t minor)
{
    return minor > 0 && minor <= MONEY_AMOUNT_MAX;
}

/*
 * With f and t minor units in one of each currency:
 *   |from / f x rate / 10^10 - to / t| < 1 / t   is   |from x rate x t - to x f x 10^10| < f x 10^10
 * from x rate is less than 10^35 and to x f x 10^10 less than 10^30. The left product would pass 128 bits (10^38) at
 * t = 10^4, but where from x rate alone is too large already, it need not be formed.
 */
int conversion_check(int64_t from_minor, const char *from, int64_t to_minor, const char *to, const char *rate)
{
    const __int128 unit = (__int128)currency_unit_minor(from) * RATE_UNIT;
    __int128 parsed;

    if (read_rate(rate, &parsed) != 0)
        return CONVERSION_RATE_MALFORMED;
    if (!is_amount(from_minor) || !is_amount(to_minor) || strcmp(from, to) == 0)
        return CONVERSION_DOES_NOT_FIT;
    const __int128 wanted = to_minor * unit;
    const __int128 per_unit = from_minor * parsed;

    if (per_unit > wanted + unit)
        return CONVERSION_DOES_NOT_FIT;
    const __int128 off = per_unit * currency_unit_minor(to) - wanted;

    return off < unit && off > -unit ? 0 : CONVERSION_DOES_NOT_FIT;
}
