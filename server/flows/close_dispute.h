/* CloseDispute: a dispute is won or lost. Settlement's rows, and the order's line, which a dispute that is won leaves.
 */
#ifndef BMT_FLOWS_CLOSE_DISPUTE_H
#define BMT_FLOWS_CLOSE_DISPUTE_H

#include "settlement/ops_dispute.h"

extern struct batch_plan close_dispute_plan;

#endif
