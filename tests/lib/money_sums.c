/* Sums over settlement; see money_sums.h. */
#include "lib/money_sums.h"

/* Each counts what is wrong. */
static const struct {
    const char *wrong;
    const char *query;
} rules[] = {
    {"transfers that do not balance", "SELECT COUNT(*) FROM (SELECT transfer_id FROM bmt_settlement.postings GROUP BY "
                                      "transfer_id, currency HAVING SUM(amount_minor) <> 0) AS t"},
    {"lines whose shares are not what is left",
     "SELECT COUNT(*) FROM (SELECT c.order_id FROM bmt_settlement.clearings AS c LEFT JOIN "
     "bmt_settlement.clearing_entries AS e ON e.order_id = c.order_id AND e.line_no = c.line_no WHERE c.state = 2 "
     "GROUP BY c.order_id, c.line_no HAVING COALESCE(SUM(e.amount_minor), 0) + MAX(c.platform_minor) + "
     "MAX(c.fee_left_minor) <> MAX(c.amount_minor) - MAX(c.refunded_minor)) AS t"},
    {"statements that are not what their entries are",
     "SELECT COUNT(*) FROM (SELECT s.statement_id FROM bmt_settlement.partner_statements AS s LEFT JOIN "
     "bmt_settlement.clearing_entries AS e ON e.statement_id = s.statement_id GROUP BY s.statement_id HAVING "
     "COALESCE(SUM(e.amount_minor), 0) <> MAX(s.entries_minor) OR COUNT(e.entry_id) <> MAX(s.entry_count) OR "
     "MAX(s.total_minor) <> MAX(s.entries_minor) + MAX(s.carried_minor)) AS t"},
    {"payouts that are not what their statements say",
     "SELECT COUNT(*) FROM bmt_settlement.payouts AS p JOIN bmt_settlement.partner_statements AS s ON s.statement_id = "
     "p.statement_id WHERE p.amount_minor <> s.total_minor OR p.currency <> s.currency OR p.partner_id <> "
     "s.partner_id"},
    {"statements that are paid twice",
     "SELECT COUNT(*) FROM (SELECT statement_id FROM bmt_settlement.payouts WHERE state IN (1, 2, 3, 5) GROUP BY "
     "statement_id HAVING COUNT(*) > 1) AS t"},
    {"what partners are owed in the books, less entries and payouts",
     "SELECT COUNT(*) FROM (SELECT partner_id FROM (SELECT subject_id AS partner_id, currency, debit_minor - "
     "credit_minor AS minor FROM bmt_settlement.account_days WHERE account = 3 UNION ALL SELECT partner_id, currency, "
     "amount_minor FROM bmt_settlement.clearing_entries UNION ALL SELECT partner_id, currency, -amount_minor FROM "
     "bmt_settlement.payouts WHERE state IN (1, 2, 3, 5)) AS m GROUP BY partner_id, currency HAVING SUM(minor) <> 0) "
     "AS t"},
    {"what partners are owed, less what statements will pay",
     "SELECT COUNT(*) FROM (SELECT partner_id FROM (SELECT partner_id, currency, amount_minor AS minor FROM "
     "bmt_settlement.clearing_entries WHERE statement_id <> 0 UNION ALL SELECT partner_id, currency, -amount_minor "
     "FROM bmt_settlement.payouts WHERE state IN (1, 2, 3, 5) UNION ALL SELECT partner_id, currency, -total_minor FROM "
     "bmt_settlement.partner_statements WHERE carried_to_id = 0 AND state IN (2, 5)) AS m GROUP BY partner_id, "
     "currency HAVING SUM(minor) <> 0) AS t"},
    {"what channels owe us, less lines, disputes and payouts",
     "SELECT COUNT(*) FROM (SELECT currency FROM (SELECT currency, debit_minor - credit_minor AS minor FROM "
     "bmt_settlement.account_days WHERE account = 1 UNION ALL SELECT currency, fee_minor + refunded_minor - "
     "amount_minor FROM bmt_settlement.clearings UNION ALL SELECT currency, amount_minor FROM bmt_settlement.payouts "
     "WHERE state = 3 UNION ALL SELECT currency, IF(state = 1, amount_minor, 0) + fee_minor - fee_returned_minor FROM "
     "bmt_settlement.disputes) AS m GROUP BY currency HAVING SUM(minor) <> 0) AS t"},
    {"what is disputed in the books, less disputes",
     "SELECT COUNT(*) FROM (SELECT currency FROM (SELECT currency, debit_minor - credit_minor AS minor FROM "
     "bmt_settlement.account_days WHERE account = 8 UNION ALL SELECT currency, -amount_minor FROM "
     "bmt_settlement.disputes WHERE state = 1) AS m GROUP BY currency HAVING SUM(minor) <> 0) AS t"},
    {"what is disputed of lines, less disputes",
     "SELECT COUNT(*) FROM (SELECT order_id FROM (SELECT order_id, line_no, disputed_minor AS minor FROM "
     "bmt_settlement.clearings UNION ALL SELECT order_id, line_no, -amount_minor FROM bmt_settlement.disputes WHERE "
     "state = 1) AS m GROUP BY order_id, line_no HAVING SUM(minor) <> 0) AS t"},
    {"accounts on the wrong side",
     "SELECT COUNT(*) FROM (SELECT account FROM bmt_settlement.account_days GROUP BY account, subject_id, currency "
     "HAVING (account IN (2, 10) AND SUM(debit_minor) > SUM(credit_minor)) OR (account IN (5, 7, 8) AND "
     "SUM(debit_minor) < SUM(credit_minor))) AS t"},
};

const char *money_sums_wrong(struct test_db *test)
{
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const long long n = test_db_number(test, rules[i].query);

        if (n != 0)
            return arena_printf(test->arena, "%lld: %s", n, rules[i].wrong);
    }
    return NULL;
}
