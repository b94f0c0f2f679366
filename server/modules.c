/* THE list of services and jobs; a new module is a line here. */
#include "modules.h"

#include "business/business.h"
#include "jobs/recover.h"
#include "jobs/replica.h"
#include "order/jobs.h"
#include "order/order.h"
#include "payment/jobs.h"
#include "payment/payment.h"
#include "product/product.h"
#include "reconcile/reconcile.h"
#include "recovery/recovery.h"
#include "sandbox/sandbox.h"
#include "settlement/jobs.h"
#include "settlement/settlement.h"

const struct rpc_service *const modules_services[] = {
    &business_service, &product_service,   &order_service,   &payment_service,
    &recovery_service, &reconcile_service, &sandbox_service, &settlement_service,
};
const size_t modules_services_count = COUNT_OF(modules_services);

const struct job *const modules_jobs[] = {
    &recover_job,
    &replica_renew_job,
    &forget_fates_job,
    &sandbox_clock_job,
    &order_close_expired_job,
    &order_confirm_due_job,
    &payment_ask_channel_job,
    &payment_ask_refund_job,
    &reconcile_count_job,
    &settlement_clear_job,
    &settlement_open_periods_job,
    &settlement_gather_job,
    &settlement_ask_payout_job,
};
const size_t modules_jobs_count = COUNT_OF(modules_jobs);
