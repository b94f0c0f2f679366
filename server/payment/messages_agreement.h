/* Messages of agreements and their acceptances, made from rows; for service_agreement.c. */
#ifndef BMT_PAYMENT_MESSAGES_AGREEMENT_H
#define BMT_PAYMENT_MESSAGES_AGREEMENT_H

#include "bmt/payment/v1/payment.pb-c.h"
#include "payment/ops_agreement.h"

/* All memory is the arena's; texts and hashes of rows are not copied. */
Bmt__Payment__V1__AgreementTemplate *agreement_message(const struct agreement_view *view, struct arena *arena);
Bmt__Payment__V1__AgreementTemplate **agreement_messages(const struct agreement_view *views, size_t n,
                                                         struct arena *arena);
Bmt__Payment__V1__AgreementAcceptance *acceptance_message(const struct acceptance_row *row, struct arena *arena);

#endif
