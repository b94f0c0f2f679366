// The statement file of a day: every movement of money, by the channel's own clock, in parts.
export const PART_LINES_MAX = 500;

const day = (time) => new Date(time).toISOString().slice(0, 10);

function line(type, object, merchantId) {
  return {
    type,
    merchant_id: merchantId,
    channel_id: object.id,
    channel_transaction_id: object.transaction,
    amount_minor: object.request.amount_minor,
    currency: object.request.currency,
    time_ms: object.movedAt,
  };
}

export function statement(payments, refunds, merchant, date, part) {
  const lines = [
    ...[...payments.byId.values()].filter((one) => one.merchant === merchant && one.transaction)
      .map((one) => line('PAYMENT', one, one.request.merchant_payment_id)),
    ...[...refunds.byMerchantId.values()].filter((one) => one.payment.merchant === merchant && one.transaction)
      .map((one) => line('REFUND', one, one.request.merchant_refund_id)),
  ].filter((one) => day(one.time_ms) === date).sort((a, b) => a.time_ms - b.time_ms);
  const parts = Math.max(1, Math.ceil(lines.length / PART_LINES_MAX));
  return { merchant, date, part, parts, lines: lines.slice((part - 1) * PART_LINES_MAX, part * PART_LINES_MAX) };
}
