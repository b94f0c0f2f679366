// The channel's payments and how they move. In memory; one object a payment.
import { randomBytes } from 'node:crypto';

const FIELDS = ['amount_minor', 'currency', 'subject', 'notify_url', 'return_url', 'expires_at'];

export class Payments {
  constructor(baseUrl, fees) {
    this.baseUrl = baseUrl;
    this.fees = fees;
    this.byId = new Map();
    this.byMerchantId = new Map();
  }

  // The same request again finds the same payment; another one under the same id is null.
  create(merchant, request) {
    const known = this.byMerchantId.get(request.merchant_payment_id);
    if (known) {
      return FIELDS.every((name) => known.request[name] === request[name]) ? known : null;
    }
    const id = `cp_${randomBytes(8).toString('hex')}`;
    const payment = { id, merchant, request, state: 'PENDING', transaction: '', failure: '' };
    this.byId.set(id, payment);
    this.byMerchantId.set(request.merchant_payment_id, payment);
    return payment;
  }

  // A decision of the payer, or a closing; what has ended stays.
  move(payment, state) {
    if (payment.state !== 'PENDING') {
      return false;
    }
    payment.state = state;
    if (state === 'SUCCEEDED') {
      payment.transaction = `ct_${randomBytes(8).toString('hex')}`;
      payment.movedAt = Date.now();
      payment.fee = this.fees.of(payment.request.amount_minor);
    }
    if (state === 'FAILED') {
      payment.failure = 'PAYER_REFUSED';
    }
    return true;
  }

  show(payment) {
    return {
      channel_payment_id: payment.id,
      merchant_payment_id: payment.request.merchant_payment_id,
      state: payment.state,
      amount_minor: payment.request.amount_minor,
      currency: payment.request.currency,
      pay_url: `${this.baseUrl}/pay/${payment.id}`,
      ...(payment.transaction && { channel_transaction_id: payment.transaction, fee_minor: payment.fee }),
      ...(payment.failure && { failure: payment.failure }),
    };
  }
}
