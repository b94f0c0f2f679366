/* Messages of lines, entries, accounts and transfers, made from rows. */
#ifndef BMT_SETTLEMENT_MESSAGES_BOOKS_H
#define BMT_SETTLEMENT_MESSAGES_BOOKS_H

#include "base/id.h"
#include "bmt/settlement/v1/ledger.pb-c.h"
#include "settlement/ops_books.h"

/* What the accounts of a kind are of; false: the business has one of the kind. */
bool account_subject(int32_t account, enum id_kind *ret_kind);

/* All memory is the arena's; texts of rows are not copied. */
Bmt__Settlement__V1__Clearing *clearing_message(const struct clearing *line, struct arena *arena);
Bmt__Settlement__V1__ClearingEntry *entry_message(const struct clearing_entry_row *row, struct arena *arena);
Bmt__Settlement__V1__Posting *posting_message(const struct posting_row *row, struct arena *arena);
Bmt__Settlement__V1__Transfer *transfer_message(const struct transfer_row *row, const struct posting_row *postings,
                                                size_t n, struct arena *arena);
Bmt__Settlement__V1__AccountBalance *balance_message(const struct account_sum *sum, struct arena *arena);
Bmt__Settlement__V1__ClearingAccount *open_account_message(const struct open_account *account, struct arena *arena);

#endif
