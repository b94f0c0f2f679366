// What an order and its payment mean for the payer. Pure; every rule about money's state is here.
import type { Order, Payment, PaymentState } from './contract.js';
import type { Verdict } from './machine.js';

// Where the payment stands; `unseen` is one that the order names and that could not be read.
type Standing = PaymentState | 'none' | 'unseen';

// The payment can take no money any more.
const isDead = (standing: Standing): boolean =>
  standing === 'none' || standing === 'PAYMENT_STATE_FAILED' || standing === 'PAYMENT_STATE_CLOSED';

/** The payment matters while its order is open, and while a closed order's money may still come. */
export const needsPayment = (order: Order): boolean =>
  Boolean(order.paymentId) && (order.state === 'ORDER_STATE_PENDING_PAYMENT' || order.state === 'ORDER_STATE_CLOSED');

/** `isActed`: the payer was on the channel's page already. Whatever is not known here is UNSURE, never an end. */
export function verdict(order: Order, payment: Payment | undefined, isActed = false): Verdict {
  const standing: Standing = payment?.state ?? (order.paymentId ? 'unseen' : 'none');
  switch (order.state) {
    case 'ORDER_STATE_PENDING_PAYMENT':
      if (isDead(standing)) return 'OPEN';
      if (standing === 'PAYMENT_STATE_SUCCEEDED') return 'PENDING'; // the order was read a moment before, and follows
      if (standing !== 'PAYMENT_STATE_PENDING') return 'UNSURE';
      return payment?.action?.redirectUrl && !isActed ? 'ACTION' : 'PENDING';
    case 'ORDER_STATE_PAID':
    case 'ORDER_STATE_FULFILLING':
      return 'PAID';
    case 'ORDER_STATE_FULFILLED':
    case 'ORDER_STATE_COMPLETED':
      return 'FULFILLED';
    case 'ORDER_STATE_REFUNDING':
      return 'RETURNING';
    case 'ORDER_STATE_REFUNDED':
      return 'RETURNED';
    case 'ORDER_STATE_CLOSED':
      if (isDead(standing)) return 'CLOSED';
      return payment?.isLate ? 'RETURNED' : 'SETTLING';
    default:
      return 'UNSURE';
  }
}
