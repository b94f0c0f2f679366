/* Records acceptances of agreements: payment's rows, which may name the order that the agreement was shown for. */
#ifndef BMT_FLOWS_ACCEPT_AGREEMENT_H
#define BMT_FLOWS_ACCEPT_AGREEMENT_H

#include "payment/ops_agreement.h"

extern struct batch_plan accept_agreement_plan;

#endif
