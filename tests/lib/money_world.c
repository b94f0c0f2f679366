/* What the books must be; see money_world.h. */
#include "lib/money_world.h"

#include <string.h>

const char *const world_currencies[WORLD_CURRENCIES] = {"JPY", "EUR", "KWD"};

const char *const happened_names[HAPPENED_COUNT] = {
    "sales",
    "clearings",
    "refunds before clearing",
    "refunds after",
    "refunds as said",
    "disputes",
    "fees of disputes",
    "fees that came back",
    "won",
    "lost before clearing",
    "lost after",
    "statements",
    "carries",
    "carries of debts",
    "proofs",
    "second payouts",
    "payouts",
    "paid",
    "failed",
    "returned",
    "claw-backs",
};
/* splitmix64 (Vigna): fast, and the same everywhere. */
static uint64_t random_bits(struct world *w)
{
    uint64_t z = (w->random += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

int64_t random_up_to(struct world *w, int64_t max)
{
    return (int64_t)(random_bits(w) % ((uint64_t)max + 1));
}

bool one_in(struct world *w, int64_t n)
{
    return random_up_to(w, n - 1) == 0;
}

int64_t random_amount(struct world *w)
{
    int64_t max = 1;

    for (int64_t digits = random_up_to(w, 11); digits > 0; digits--)
        max *= 10;
    return 1 + random_up_to(w, max);
}

void world_begin(struct world *w, uint64_t seed)
{
    w->random = seed;
    w->wrong = NULL;
    w->n_orders = w->n_entries = w->n_statements = w->n_payouts = w->n_sources = 0;
    w->last_id = 0;
    memset(w->books, 0, sizeof w->books);
    for (size_t i = 0; i < WORLD_PARTNERS; i++)
        w->partners[i] = (struct partner_row){.partner_id = (int64_t)i + 1,
                                              .biz_id = WORLD_BIZ,
                                              .threshold_minor = one_in(w, 2) ? 0 : random_amount(w),
                                              .hold_back_s = one_in(w, 3) ? 1 : 0};
}

size_t world_currency(const char *currency)
{
    size_t at = 0;

    while (at + 1 < WORLD_CURRENCIES && strcmp(world_currencies[at], currency) != 0)
        at++;
    PRE(strcmp(world_currencies[at], currency) == 0);
    return at;
}

struct partner_statement_row *world_last_statement(struct world *w, int64_t partner_id, const char *currency)
{
    for (size_t i = w->n_statements; i > 0; i--)
        if (w->statements[i - 1].partner_id == partner_id && strcmp(w->statements[i - 1].currency, currency) == 0)
            return &w->statements[i - 1];
    return NULL;
}

void world_pay(struct world *w, const struct partner_statement_row *statement, int64_t payout_id)
{
    for (int64_t id = statement->statement_id; id != 0; id = w->statements[id - 1].carried_from_id)
        for (size_t i = 0; i < w->n_entries; i++)
            if (w->entries[i].statement_id == id)
                w->paid_by[i] = payout_id;
}

static bool is_first_of_source(struct world *w, const struct transfer *transfer)
{
    PRE(w->n_sources < WORLD_SOURCES);
    for (size_t i = 0; i < w->n_sources; i++)
        if (w->sources[i].id == transfer->source_id && w->sources[i].kind == transfer->kind &&
            w->sources[i].no == transfer->source_no)
            return false;
    w->sources[w->n_sources++] =
        (struct world_source){.kind = transfer->kind, .id = transfer->source_id, .no = transfer->source_no};
    return true;
}

static const char *post(struct world *w, const struct transfers *transfers)
{
    for (size_t i = 0; i < transfers->n; i++) {
        const struct transfer *transfer = &transfers->list[i];
        int64_t sums[WORLD_CURRENCIES] = {0};

        for (size_t j = 0; j < transfer->n; j++) {
            const struct posting_row *posting = &transfer->postings[j];
            const size_t currency = world_currency(posting->currency);

            sums[currency] += posting->amount_minor;
            w->books[posting->account][posting->subject_id][currency] += posting->amount_minor;
        }
        for (size_t j = 0; j < WORLD_CURRENCIES; j++)
            if (sums[j] != 0)
                return "a transfer does not balance";
        if (!is_first_of_source(w, transfer))
            return "a transfer is posted twice";
    }
    return NULL;
}

static const char *enter(struct world *w, const struct new_entries *made)
{
    for (size_t i = 0; i < made->n; i++) {
        const struct clearing_entry_row *entry = &made->list[i];
        int64_t expected_payout_id = 0;

        PRE(w->n_entries < WORLD_ENTRIES);
        if ((entry->kind == ENTRY_SALE) != (entry->reverses_entry_id == 0) || entry->statement_id != 0)
            return "an entry is not what its kind says";
        for (size_t j = 0; j < w->n_entries; j++)
            if (w->entries[j].entry_id == entry->reverses_entry_id)
                expected_payout_id = w->paid_by[j];
        if (entry->claw_back_payout_id != expected_payout_id)
            return "what takes back is not linked with the payout that had paid it";
        if (w->n_entries > 0 && entry->entry_id <= w->entries[w->n_entries - 1].entry_id)
            return "entries are not in order";
        w->paid_by[w->n_entries] = 0;
        w->entries[w->n_entries++] = *entry;
    }
    return NULL;
}

/* What is to be compared, as it is added up. */
struct account_of {
    world_books books;
    int64_t held[WORLD_ORDERS][WORLD_LINES][WORLD_SUBJECTS]; /* by partners, of each line */
    int64_t gathered[WORLD_STATEMENTS];                      /* entries of each statement */
    int64_t counts[WORLD_STATEMENTS];
    int64_t owed[WORLD_SUBJECTS][WORLD_CURRENCIES];   /* to partners: entries less payouts */
    int64_t to_pay[WORLD_SUBJECTS][WORLD_CURRENCIES]; /* by statements that are unpaid, or not begun */
};

static void add_entries(const struct world *w, struct account_of *a)
{
    for (size_t i = 0; i < w->n_entries; i++) {
        const struct clearing_entry_row *entry = &w->entries[i];
        const size_t currency = world_currency(entry->currency);

        a->held[entry->order_id - 1][entry->line_no - 1][entry->partner_id] += entry->amount_minor;
        a->owed[entry->partner_id][currency] += entry->amount_minor;
        if (entry->statement_id == 0) {
            a->to_pay[entry->partner_id][currency] += entry->amount_minor;
        } else {
            a->gathered[entry->statement_id - 1] += entry->amount_minor;
            a->counts[entry->statement_id - 1]++;
        }
    }
}

static int64_t open_minor(const struct world_line *line)
{
    return line->dispute.state == DISPUTE_OPEN ? line->dispute.amount_minor : 0;
}

/* Platform, partners and the fee's rest have what was paid for the line, less what went back. */
static const char *check_line(const struct clearing_row *row, const struct world_line *line, const int64_t *held)
{
    const int64_t left_minor = row->amount_minor - row->refunded_minor;
    int64_t sum_minor = row->platform_minor + row->fee_left_minor;
    bool is_overdrawn = row->platform_minor < 0 || row->fee_left_minor < 0;

    if (row->disputed_minor != open_minor(line))
        return "what is disputed of a line is not what its open dispute is over";
    if (left_minor < row->disputed_minor)
        return "more went back of a line than was paid for it";
    if (row->state == CLEARING_PENDING)
        return NULL;
    for (size_t i = 1; i < WORLD_SUBJECTS; i++) {
        sum_minor += held[i];
        is_overdrawn = is_overdrawn || held[i] < 0;
    }
    if (sum_minor != left_minor)
        return "the shares of a line are not what is left of it";
    return is_overdrawn && !line->was_borne_as_said ? "somebody gave back more than he had" : NULL;
}

static void book_line(const struct clearing_row *row, const struct world_line *line, size_t currency, world_books books)
{
    const int64_t subject = row->channel_account_id;
    const bool is_pending = row->state == CLEARING_PENDING;

    books[ACCOUNT_CHANNEL_RECEIVABLE][subject][currency] +=
        row->amount_minor - row->fee_minor - row->refunded_minor - open_minor(line) - line->dispute_fees_minor;
    books[ACCOUNT_DISPUTES][subject][currency] += open_minor(line);
    books[ACCOUNT_CHANNEL_FEES][subject][currency] += is_pending ? row->fee_minor : 0;
    books[ACCOUNT_CUSTOMER_LIABILITY][0][currency] -= is_pending ? row->amount_minor : 0;
    books[ACCOUNT_REFUNDS][0][currency] += is_pending ? row->refunded_minor : 0;
    books[ACCOUNT_PLATFORM_REVENUE][0][currency] +=
        (is_pending ? 0 : row->fee_minor - row->fee_left_minor - row->platform_minor) + line->dispute_fees_minor;
}

static const char *add_lines(const struct world *w, struct account_of *a)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < w->n_orders; i++)
        for (size_t j = 0; j < w->orders[i].n_lines && wrong == NULL; j++) {
            const struct world_order *order = &w->orders[i];

            wrong = check_line(&order->rows[j], &order->lines[j], a->held[i][j]);
            book_line(&order->rows[j], &order->lines[j], order->currency, a->books);
        }
    return wrong;
}

static bool has_money(const struct payout_row *payout)
{
    return payout_state_is_open(payout->state) || payout->state == PAYOUT_SUCCEEDED;
}

/* Payouts are over what their statements say, and a statement is paid once. */
static const char *add_payouts(const struct world *w, struct account_of *a)
{
    bool is_paid[WORLD_STATEMENTS] = {0};

    for (size_t i = 0; i < w->n_payouts; i++) {
        const struct payout_row *payout = &w->payouts[i];
        const struct partner_statement_row *statement = &w->statements[payout->statement_id - 1];
        const size_t currency = world_currency(payout->currency);

        if (payout->amount_minor != statement->total_minor || payout->partner_id != statement->partner_id ||
            strcmp(payout->currency, statement->currency) != 0 || payout->amount_minor <= 0)
            return "a payout is not what its statement says";
        if (!has_money(payout))
            continue;
        if (is_paid[payout->statement_id - 1])
            return "a statement is paid twice";
        is_paid[payout->statement_id - 1] = true;
        if (payout->payout_id != statement->payout_id ||
            statement->state != (payout->state == PAYOUT_SUCCEEDED ? STATEMENT_PAID : STATEMENT_PAYING))
            return "a statement does not stand where its payout does";
        a->owed[payout->partner_id][currency] -= payout->amount_minor;
        if (payout->state == PAYOUT_SUCCEEDED)
            a->books[ACCOUNT_CHANNEL_RECEIVABLE][payout->channel_account_id][currency] -= payout->amount_minor;
        else
            a->books[ACCOUNT_PAYOUT_IN_TRANSIT][payout->channel_account_id][currency] -= payout->amount_minor;
    }
    for (size_t i = 0; i < w->n_statements; i++)
        if (!is_paid[i] && (w->statements[i].state == STATEMENT_PAYING || w->statements[i].state == STATEMENT_PAID))
            return "a statement is paid by nobody";
    return NULL;
}

/* Its total is its entries' and what the one before it has left; what nothing is paid of goes on to the next one. */
static const char *add_statements(const struct world *w, struct account_of *a)
{
    const struct partner_statement_row *last[WORLD_SUBJECTS][WORLD_CURRENCIES] = {{NULL}};

    for (size_t i = 0; i < w->n_statements; i++) {
        const struct partner_statement_row *row = &w->statements[i];
        const size_t currency = world_currency(row->currency);
        const struct partner_statement_row *before = last[row->partner_id][currency];
        const int64_t left_minor = before != NULL && before->approvals_needed == 0 ? before->total_minor : 0;

        if (row->entries_minor != a->gathered[i] || row->entry_count != a->counts[i])
            return "a statement is not what its entries are";
        if (row->carried_minor != left_minor || row->total_minor != row->entries_minor + left_minor)
            return "what a statement left was not carried to the next one";
        if (left_minor != 0 &&
            (row->carried_from_id != before->statement_id || before->carried_to_id != row->statement_id))
            return "what was carried is not linked";
        if (row->approvals_needed > 0 && (row->state == STATEMENT_CLOSED || row->state == STATEMENT_FAILED))
            a->to_pay[row->partner_id][currency] += row->total_minor;
        last[row->partner_id][currency] = row;
    }
    for (size_t i = 1; i < WORLD_SUBJECTS; i++)
        for (size_t j = 0; j < WORLD_CURRENCIES; j++)
            if (last[i][j] != NULL && last[i][j]->approvals_needed == 0)
                a->to_pay[i][j] += last[i][j]->total_minor;
    return NULL;
}

/* Accounts that have one side: the others may come to stand on either. */
static const char *check_sides(const world_books books)
{
    static const struct {
        enum account account;
        int sign;
        const char *wrong;
    } sides[] = {
        {ACCOUNT_CUSTOMER_LIABILITY, -1, "customers owe us"},
        {ACCOUNT_CHANNEL_FEES, 1, "fees were taken off that nobody has"},
        {ACCOUNT_REFUNDS, 1, "refunds were borne that nobody got"},
        {ACCOUNT_DISPUTES, 1, "disputes were closed that nobody had opened"},
        {ACCOUNT_PAYOUT_IN_TRANSIT, -1, "payouts have ended that were not begun"},
    };

    for (size_t i = 0; i < COUNT_OF(sides); i++)
        for (size_t j = 0; j < WORLD_SUBJECTS; j++)
            for (size_t k = 0; k < WORLD_CURRENCIES; k++)
                if (books[sides[i].account][j][k] * sides[i].sign < 0)
                    return sides[i].wrong;
    return NULL;
}

static const char *check(const struct world *w)
{
    struct account_of a = {0};
    const char *wrong;

    add_entries(w, &a);
    wrong = add_lines(w, &a);
    if (wrong == NULL)
        wrong = add_statements(w, &a);
    if (wrong == NULL)
        wrong = add_payouts(w, &a);
    if (wrong != NULL)
        return wrong;
    for (size_t i = 1; i < WORLD_SUBJECTS; i++)
        for (size_t j = 0; j < WORLD_CURRENCIES; j++)
            a.books[ACCOUNT_PARTNER_PAYABLE][i][j] = -a.owed[i][j];
    if (memcmp(a.owed, a.to_pay, sizeof a.owed) != 0)
        return "what partners are owed is in no statement, or in two";
    if (memcmp(a.books, w->books, sizeof a.books) != 0)
        return "the books are not what has happened";
    return check_sides(w->books);
}

static void note(struct world *w, const char *what)
{
    w->wrong = w->wrong != NULL ? w->wrong : what;
}

void world_expect(struct world *w, bool is_so, const char *what)
{
    note(w, is_so ? NULL : what);
}

void world_finish(struct world *w, const struct transfers *transfers, const struct new_entries *made)
{
    note(w, post(w, transfers));
    if (made != NULL)
        note(w, enter(w, made));
}

void world_check(struct world *w)
{
    note(w, check(w));
}
