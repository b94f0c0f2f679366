/* Messages of partners and split rules, made from rows. */
#ifndef BMT_SETTLEMENT_MESSAGES_H
#define BMT_SETTLEMENT_MESSAGES_H

#include "bmt/settlement/v1/partner.pb-c.h"
#include "settlement/ops_rule.h"

/* All memory is the arena's; texts of rows are not copied. */
Bmt__Settlement__V1__Partner *partner_message(const struct partner_row *row, struct arena *arena);
Bmt__Settlement__V1__SplitRule *split_rule_message(const struct split_rule_row *row, const struct split_parts *parts,
                                                   struct arena *arena);

#endif
