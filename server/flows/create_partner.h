/* Creates and updates partners: settlement's rows, which may name a channel account of payment's. */
#ifndef BMT_FLOWS_CREATE_PARTNER_H
#define BMT_FLOWS_CREATE_PARTNER_H

#include "settlement/ops_partner.h"

/*
 * Which of the channel accounts (one for each command of the batch) the commands' businesses have; 0 stands for none
 * and is not looked for. Nothing is refused here.
 */
int look_for_accounts(struct batch *batch, const int64_t *account_ids, bool *ret_found, struct err *err) MUST_CHECK;

extern struct batch_plan create_partner_plan, update_partner_plan;

#endif
