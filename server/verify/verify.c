/* All passes of verify, and its words; see verify.h. */
#include "verify/verify.h"

#include <string.h>

#include "verify/account_days.h"

enum { WHOLE_BYTES_MAX = 128 << 20 };

static const struct finding_info infos[FINDING_COUNT] = {
#define FINDING(id, repair, sentence) [FINDING_##id] = {#id, REPAIR_##repair, sentence},
#include "verify/findings.def"
#undef FINDING
};

const struct finding_info *finding_info(enum finding_kind kind)
{
    PRE(kind < FINDING_COUNT);

    return &infos[kind];
}

enum finding_kind finding_kind_of(const char *name)
{
    int kind = 0;

    while (kind < FINDING_COUNT && strcmp(infos[kind].name, name) != 0)
        kind++;
    return (enum finding_kind)kind;
}

const char *repair_name(enum repair repair)
{
    static const char *const names[] = {
        [REPAIR_NONE] = "NONE",     [REPAIR_APPLY_PAYMENT] = "APPLY_PAYMENT",     [REPAIR_REFUND_LATE] = "REFUND_LATE",
        [REPAIR_FULFIL] = "FULFIL", [REPAIR_SETTLE_HOLD] = "SETTLE_HOLD",         [REPAIR_GRANT] = "GRANT",
        [REPAIR_RECALL] = "RECALL", [REPAIR_APPLY_STATEMENT] = "APPLY_STATEMENT",
    };

    PRE(repair < COUNT_OF(names));
    return names[repair];
}

void finding_write_markdown(FILE *out)
{
    fputs("# Breaks\n\n"
          "Everything that `verify` and reconciliation can find to disagree, and the repair that is proposed for it\n"
          "(`bmtctl reconcile`); NONE: someone must look. Generated from `server/verify/findings.def` by\n"
          "`bmtd --write-docs`; never edited.\n\n"
          "| kind | what disagrees | repair |\n|---|---|---|\n",
          out);
    for (int kind = 0; kind < FINDING_COUNT; kind++)
        fprintf(out, "| `%s` | %s | %s |\n", infos[kind].name, infos[kind].sentence, repair_name(infos[kind].repair));
}

static int run_pass(const struct verify *verify, struct crew *crew, const struct pass *plan, struct arena *arena,
                    struct verify_report *report, struct pass *ret_pass)
{
    *ret_pass = *plan;
    ret_pass->verify = verify;
    ret_pass->crew = crew;
    ret_pass->report = report;
    return pass_run(ret_pass, arena);
}

/* Sums of payments and of refunds, by business and currency. */
static void join_money(const struct pass *in, const struct pass *out, struct arena *arena, struct verify_report *report)
{
    report->money = arena_array_of(arena, struct verify_money, in->n_money + out->n_money);
    if (in->n_money > 0)
        memcpy(report->money, in->money, in->n_money * sizeof *in->money);
    report->n_money = in->n_money;
    for (size_t i = 0; i < out->n_money; i++) {
        size_t at = 0;

        while (at < report->n_money && (report->money[at].biz_id != out->money[i].biz_id ||
                                        strcmp(report->money[at].currency, out->money[i].currency) != 0))
            at++;
        if (at == report->n_money)
            report->money[report->n_money++] = out->money[i];
        else
            report->money[at].out_minor = out->money[i].out_minor;
    }
}

/* A look at whole tables: again after a pause while something disagrees; the last look is certain. */
static int look_at_whole(struct worker *worker, int (*check)(struct worker *worker, struct verify_report *report))
{
    struct pass *pass = worker->pass;
    int rc = 0;

    for (int i = 0; i <= worker->verify->recheck_max && rc == 0; i++) {
        if (pass_stops(worker->verify))
            return -1;
        pass->is_last_look = i == worker->verify->recheck_max;
        pass->n_found = 0;
        rc = check(worker, pass->report);
        arena_reset(worker->arena);
        if (pass->n_found == 0)
            break;
        pass_pause(worker->verify);
    }
    return rc;
}

static int check_stocks(struct worker *worker, struct verify_report *report)
{
    const int rc = stocks_check(worker);

    report->n_skus = worker->pass->n_keys;
    return rc;
}

/* The ledger: its chains, and its days beside them. */
static int run_ledger(const struct verify *verify, struct crew *crew, struct arena *arena, struct verify_report *report,
                      bool *ret_are_days_right)
{
    struct worker worker = {.verify = verify, .session = crew->seats[0].session, .arena = arena};
    struct pass plan = chains_pass;
    struct pass chains;
    int rc;

    rc = account_days_begin(&worker, arena, &plan.days);
    if (rc == 0)
        rc = run_pass(verify, crew, &plan, arena, report, &chains);
    if (rc != 0)
        return rc;
    report->n_rows += worker.n_rows;
    report->n_transfers = chains.n_keys;
    *ret_are_days_right = account_days_agree(plan.days);
    return 0;
}

static int run_whole(const struct verify *verify, struct crew *crew, bool are_days_right, struct arena *arena,
                     struct verify_report *report)
{
    struct pass pass = {.verify = verify, .report = report, .name = "stock and transactions", .which = VERIFY_STOCKS};
    struct worker worker = {
        .verify = verify, .session = crew->seats[0].session, .arena = crew->seats[0].arena, .pass = &pass};
    int rc;

    pass.arena = arena;
    pthread_mutex_init(&pass.lock, NULL);
    rc = look_at_whole(&worker, check_stocks);
    pass.which = VERIFY_TRANSACTIONS;
    if (rc == 0)
        rc = look_at_whole(&worker, transactions_check);
    pass.which = VERIFY_CHAINS;
    if (rc == 0 && verify->from_ms == 0)
        rc = look_at_whole(&worker, chain_heads_check);
    pass.which = VERIFY_ACCOUNT_DAYS;
    if (rc == 0 && !are_days_right)
        rc = look_at_whole(&worker, account_days_check);
    report->n_rows += worker.n_rows;
    return rc;
}

int verify_run(const struct verify *verify, struct arena *arena, struct verify_report *ret_report)
{
    struct verify_report report = {0};
    struct pass orders, payments, refunds, statements, payouts, adjustments, partners, disputes;
    bool are_days_right = true;
    int rc = 0;

    PRE(verify->threads > 0 && verify->tell != NULL && verify->problems != NULL);

    struct crew crew CLEANUP(crew_end) = crew_begin(verify);

    if (verify->from_ms == 0)
        rc = replies_check(verify, arena, &report);
    if (rc == 0)
        rc = run_pass(verify, &crew, &orders_pass, arena, &report, &orders);
    if (rc == 0)
        rc = run_pass(verify, &crew, &payments_pass, arena, &report, &payments);
    if (rc == 0)
        rc = run_pass(verify, &crew, &refunds_pass, arena, &report, &refunds);
    if (rc == 0)
        rc = run_pass(verify, &crew, &statements_pass, arena, &report, &statements);
    if (rc == 0)
        rc = run_pass(verify, &crew, &payouts_pass, arena, &report, &payouts);
    if (rc == 0)
        rc = run_pass(verify, &crew, &adjustments_pass, arena, &report, &adjustments);
    if (rc == 0)
        rc = run_pass(verify, &crew, &partner_statements_pass, arena, &report, &partners);
    if (rc == 0)
        rc = run_pass(verify, &crew, &disputes_pass, arena, &report, &disputes);
    if (rc == 0 && verify->from_ms == 0)
        rc = run_ledger(verify, &crew, arena, &report, &are_days_right);
    if (rc == 0)
        rc = run_whole(verify, &crew, are_days_right, arena, &report);
    if (rc != 0)
        return rc;
    report.n_orders = orders.n_keys;
    report.n_payments = payments.n_keys;
    report.n_refunds = refunds.n_keys;
    report.n_statement_lines = statements.n_keys;
    join_money(&payments, &refunds, arena, &report);
    *ret_report = report;
    return 0;
}

int verify_look(const struct verify *verify, enum verify_pass which, int64_t key)
{
    static const struct pass *const passes[] = {
        [VERIFY_ORDERS] = &orders_pass,           [VERIFY_PAYMENTS] = &payments_pass,
        [VERIFY_REFUNDS] = &refunds_pass,         [VERIFY_STATEMENTS] = &statements_pass,
        [VERIFY_CLEARINGS] = &orders_pass,        [VERIFY_PAYOUTS] = &payouts_pass,
        [VERIFY_ADJUSTMENTS] = &adjustments_pass, [VERIFY_PARTNER_STATEMENTS] = &partner_statements_pass,
        [VERIFY_DISPUTES] = &disputes_pass,       [VERIFY_TRANSFERS] = &chains_pass};
    struct session *session CLEANUP(session_cleanup) = session_new(verify->db);
    struct arena *own CLEANUP(arena_cleanup) = arena_new(WHOLE_BYTES_MAX);
    struct verify_report report = {0};
    struct pass pass = {0};
    struct worker worker = {.verify = verify, .session = session, .arena = own, .pass = &pass};

    if (which < COUNT_OF(passes) && passes[which] != NULL)
        pass = *passes[which];
    pass.verify = verify;
    pass.report = &report;
    pass.which = which;
    pass.is_last_look = true;
    pthread_mutex_init(&pass.lock, NULL);
    if (which == VERIFY_STOCKS)
        return stocks_check(&worker);
    if (which == VERIFY_TRANSACTIONS)
        return transactions_check(&worker, &report);
    if (which == VERIFY_CHAINS)
        return chain_heads_check(&worker, &report);
    if (which == VERIFY_ACCOUNT_DAYS)
        return account_days_check(&worker, &report);
    return pass.check(&worker, key - 1, key);
}
