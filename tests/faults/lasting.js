// What stays the same of an answer when its request is sent again: the whole reply where it is kept, and of those that
// show an object as it is now, what never changes of it.
const LASTING = {
  CreateOrder: ({ order }) => ({ id: order.order_id, total: order.total, user: order.user_id }),
  PayOrder: ({ payment }) => ({ id: payment.payment_id, order: payment.order_id, amount: payment.amount }),
  CreatePayment: ({ payment }) => ({ id: payment.payment_id, amount: payment.amount }),
  PayStatement: ({ payout, statement }) => ({ id: payout.payout_id, statement: statement.statement_id, amount: payout.amount }),
  RefundOrder: ({ refund }) => ({ id: refund.refund_id, order: refund.order_id, amount: refund.amount, lines: refund.lines }),
};

export const lasting = (method, reply) => LASTING[method]?.(reply) ?? reply;
