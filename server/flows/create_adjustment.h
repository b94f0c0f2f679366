/* Moves money by hand: settlement's rows, which may name a channel account of payment's. */
#ifndef BMT_FLOWS_CREATE_ADJUSTMENT_H
#define BMT_FLOWS_CREATE_ADJUSTMENT_H

#include "settlement/ops_adjustment.h"

extern struct batch_plan create_adjustment_plan;

#endif
