/* Creates split rules: settlement's rows, which are for what product sells. */
#ifndef BMT_FLOWS_CREATE_SPLIT_RULE_H
#define BMT_FLOWS_CREATE_SPLIT_RULE_H

#include "settlement/ops_rule.h"

extern struct batch_plan create_rule_plan;

#endif
