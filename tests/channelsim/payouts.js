// Money that the channel pays to other people's bank accounts. In memory; one object a payout.
//
//   PENDING --> PAID --> RETURNED
//         \---> FAILED
import { randomBytes } from 'node:crypto';

const FIELDS = ['amount_minor', 'currency', 'account'];
const transaction = () => `ct_${randomBytes(8).toString('hex')}`;

export class Payouts {
  byMerchantId = new Map();

  // The same request again finds the same payout. An error is `{ error }`: the request as such is refused.
  create(merchant, request) {
    const known = this.byMerchantId.get(request.merchant_payout_id);
    if (known) {
      return FIELDS.every((name) => known.request[name] === request[name]) ? known : { error: 'ID_REUSED' };
    }
    if (!Number.isSafeInteger(request.amount_minor) || request.amount_minor <= 0) return { error: 'AMOUNT_INVALID' };
    if (!request.account) return { error: 'ACCOUNT_MISSING' };
    const payout = { id: `co_${randomBytes(8).toString('hex')}`, merchant, request, state: 'PENDING', transaction: '', failure: '' };
    this.byMerchantId.set(request.merchant_payout_id, payout);
    return payout;
  }

  // Someone has asked: what waits ends, unless the rule lets it wait on.
  ask(payout, rule) {
    if (payout.state !== 'PENDING' || rule?.fault === 'pending') return;
    if (rule?.fault === 'refuse') {
      payout.state = 'FAILED';
      payout.failure = rule.reason ?? 'ACCOUNT_CLOSED';
      return;
    }
    Object.assign(payout, { state: 'PAID', transaction: transaction(), movedAt: Date.now() });
  }

  // The bank at the other end sends back what was paid.
  comeBack(merchantId, reason = 'ACCOUNT_UNKNOWN') {
    const payout = this.byMerchantId.get(merchantId);
    if (payout?.state !== 'PAID') {
      throw new Error(`payout ${merchantId} is ${payout?.state ?? 'not known'}: only what is PAID comes back`);
    }
    return Object.assign(payout, { state: 'RETURNED', failure: reason, returnTransaction: transaction(), returnedAt: Date.now() });
  }

  show(payout) {
    return {
      channel_payout_id: payout.id,
      merchant_payout_id: payout.request.merchant_payout_id,
      state: payout.state,
      amount_minor: payout.request.amount_minor,
      currency: payout.request.currency,
      ...(payout.transaction && { channel_transaction_id: payout.transaction }),
      ...(payout.failure && { failure: payout.failure }),
    };
  }
}
