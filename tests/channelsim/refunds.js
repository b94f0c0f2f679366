// Money that the channel gives back. In memory; one object a refund.
import { randomBytes } from 'node:crypto';

const FIELDS = ['merchant_payment_id', 'amount_minor', 'currency'];

export class Refunds {
  constructor(payments) {
    this.payments = payments;
    this.byMerchantId = new Map();
  }

  // What went back of a payment, or is about to.
  sum(payment) {
    return [...this.byMerchantId.values()].filter((one) => one.payment === payment && one.state !== 'FAILED')
      .reduce((total, one) => total + one.request.amount_minor, 0);
  }

  // The same request again finds the same refund. An error is `{ error }`: the request as such is refused.
  create(request, outcome = 'SUCCEEDED') {
    const known = this.byMerchantId.get(request.merchant_refund_id);
    if (known) {
      return FIELDS.every((name) => known.request[name] === request[name]) ? known : { error: 'ID_REUSED' };
    }
    const payment = this.payments.byMerchantId.get(request.merchant_payment_id);
    if (payment?.state !== 'SUCCEEDED' || payment.request.currency !== request.currency) return { error: 'NOT_REFUNDABLE' };
    if (this.sum(payment) + request.amount_minor > payment.request.amount_minor) return { error: 'REFUND_TOO_LARGE' };
    const refund = { id: `cr_${randomBytes(8).toString('hex')}`, payment, request, state: 'PENDING', transaction: '', failure: '' };
    this.byMerchantId.set(request.merchant_refund_id, refund);
    this.end(refund, outcome);
    return refund;
  }

  end(refund, outcome) {
    refund.state = outcome;
    if (outcome === 'SUCCEEDED') {
      refund.transaction = `ct_${randomBytes(8).toString('hex')}`;
      refund.movedAt = Date.now();
    }
    if (outcome === 'FAILED') refund.failure = 'ACCOUNT_CLOSED';
  }

  show(refund) {
    return {
      channel_refund_id: refund.id,
      merchant_refund_id: refund.request.merchant_refund_id,
      merchant_payment_id: refund.request.merchant_payment_id,
      state: refund.state,
      amount_minor: refund.request.amount_minor,
      currency: refund.request.currency,
      ...(refund.transaction && { channel_transaction_id: refund.transaction }),
      ...(refund.failure && { failure: refund.failure }),
    };
  }
}
