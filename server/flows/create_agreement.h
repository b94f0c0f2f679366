/* Creates versions of agreements: payment's rows, which go with what product sells. */
#ifndef BMT_FLOWS_CREATE_AGREEMENT_H
#define BMT_FLOWS_CREATE_AGREEMENT_H

#include "payment/ops_agreement.h"

extern struct batch_plan create_agreement_plan;

#endif
