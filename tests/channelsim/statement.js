// The statement file of a day: every movement of money, by the channel's own clock, in parts.
export const PART_LINES_MAX = 500;

const day = (time) => new Date(time).toISOString().slice(0, 10);

function line(type, object, merchantId, more = {}) {
  return {
    type,
    merchant_id: merchantId,
    channel_id: object.id,
    channel_transaction_id: object.transaction,
    amount_minor: object.request.amount_minor,
    currency: object.request.currency,
    fee_minor: 0,
    time_ms: object.movedAt,
    ...more,
  };
}

// `books`: what a channel has of each kind. A payout that came back has two lines.
export function statement({ payments, refunds, payouts, settlements }, merchant, date, part) {
  const ofMerchant = (list, owner = (one) => one.merchant) => [...list].filter((one) => owner(one) === merchant && one.transaction);
  const paidOut = ofMerchant(payouts.byMerchantId.values());
  const lines = [
    ...ofMerchant(payments.byId.values()).map((one) => line('PAYMENT', one, one.request.merchant_payment_id, { fee_minor: one.fee })),
    ...ofMerchant(refunds.byMerchantId.values(), (one) => one.payment.merchant).map((one) => line('REFUND', one, one.request.merchant_refund_id)),
    ...paidOut.map((one) => line('PAYOUT', one, one.request.merchant_payout_id)),
    ...paidOut.filter((one) => one.returnedAt).map((one) => line('RETURN', one, one.request.merchant_payout_id,
      { channel_transaction_id: one.returnTransaction, time_ms: one.returnedAt })),
    ...ofMerchant(settlements.list).map((one) => line('SETTLEMENT', one)),
  ].filter((one) => day(one.time_ms) === date).sort((a, b) => a.time_ms - b.time_ms);
  const parts = Math.max(1, Math.ceil(lines.length / PART_LINES_MAX));
  return { merchant, date, part, parts, lines: lines.slice((part - 1) * PART_LINES_MAX, part * PART_LINES_MAX) };
}
