/* Creates and updates partners: settlement's rows, which may name a channel account of payment's. */
#ifndef BMT_FLOWS_CREATE_PARTNER_H
#define BMT_FLOWS_CREATE_PARTNER_H

#include "settlement/ops_partner.h"

extern struct batch_plan create_partner_plan, update_partner_plan;

#endif
