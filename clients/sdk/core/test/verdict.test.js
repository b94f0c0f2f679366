// What order and payment mean, as a table: every state of the one with every state of the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdict } from '../dist/index.js';

const none = 'no payment';
const PAYMENTS = [none, 'not seen', 'CREATED', 'PENDING', 'PENDING acted', 'PENDING nothing to do', 'UNKNOWN', 'FAILED', 'CLOSED', 'SUCCEEDED', 'SUCCEEDED late', 'FROM_THE_FUTURE'];
const all = (word) => PAYMENTS.map(() => word);
//                        none      not seen    CREATED     PENDING     acted       nothing     UNKNOWN     FAILED    CLOSED    SUCCEEDED   late        unknown word
const EXPECTED = {
  PENDING_PAYMENT: ['OPEN', 'UNSURE', 'UNSURE', 'ACTION', 'PENDING', 'PENDING', 'UNSURE', 'OPEN', 'OPEN', 'PENDING', 'PENDING', 'UNSURE'],
  PAID: all('PAID'),
  FULFILLING: all('PAID'),
  FULFILLED: all('FULFILLED'),
  COMPLETED: all('FULFILLED'),
  REFUNDING: all('RETURNING'),
  REFUNDED: all('RETURNED'),
  CLOSED: ['CLOSED', 'SETTLING', 'SETTLING', 'SETTLING', 'SETTLING', 'SETTLING', 'SETTLING', 'CLOSED', 'CLOSED', 'SETTLING', 'RETURNED', 'SETTLING'],
  FROM_THE_FUTURE: all('UNSURE'),
};

for (const [state, expected] of Object.entries(EXPECTED))
  test(`an order that is ${state}`, () => {
    PAYMENTS.forEach((name, i) => {
      const order = { orderId: 'ord_1', state: `ORDER_STATE_${state}`, ...(name !== none && { paymentId: 'pay_1' }) };
      const payment = name === none || name === 'not seen' ? undefined : {
        state: `PAYMENT_STATE_${name.split(' ')[0]}`, ...(name.includes('late') && { isLate: true }),
        ...(name.startsWith('PENDING') && !name.includes('nothing') && { action: { redirectUrl: 'https://channel.example/' } }),
      };
      assert.equal(verdict(order, payment, name.includes('acted')), expected[i], name);
    });
  });
