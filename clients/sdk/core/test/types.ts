// What a page's engineer writes must compile, and what is wrong must not (tsc -p core/test; never run).
import { createCheckout, type Order, PayError, redirectAction, webStore } from '../src/index.js';

const checkout = createCheckout({
  baseUrl: 'https://pay.example', token: async (isRefused) => String(isRefused), key: 'basket', store: webStore(localStorage, navigator.locks),
  plugins: [{ name: 'page', actions: { redirect: redirectAction((url) => location.assign(url)), qr: async () => 'dismissed', none: () => {} } }],
});
checkout.send({ type: 'BUY', purchase: { lines: [{ skuId: 'sku_1', quantity: 1 }], currency: 'EUR' } });
checkout.send({ type: 'PAY', channelAccountId: 'chn_1' });
export const order: Promise<Order | undefined> = checkout.client.call('bmt.order.v1.OrderService/GetOrder', { orderId: 'ord_1' }).then((reply) => reply.order);
export const reason = (error: unknown): string => (error instanceof PayError && error.retryable ? error.reason : '');

// @ts-expect-error the machine alone says that it was paid
checkout.send({ type: 'PAID' });
// @ts-expect-error a payment needs a channel
checkout.send({ type: 'PAY' });
// @ts-expect-error the user is the token's
checkout.send({ type: 'BUY', purchase: { userId: 'u1' } });
// @ts-expect-error a page may not call this
checkout.client.call('bmt.order.v1.OrderService/RefundOrder', {});
// @ts-expect-error what is required must be sent
checkout.client.call('bmt.order.v1.OrderService/GetOrder', {});
