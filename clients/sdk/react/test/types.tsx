// What a React page's engineer writes must compile, and what is wrong must not (tsc -p react/test; never run).
import { BmtPanel, BmtProduct, useCheckout, useDesk } from '../src/index.js';

const options = { baseUrl: 'https://pay.example', token: 'token', key: 'basket' };

export function Shop() {
  const [snapshot, checkout] = useCheckout(options);
  const [view, desk] = useDesk({ ...options, currency: 'EUR', offers: [{ skuId: 'sku_1' }] });
  return (
    <>
      <p>{snapshot?.state} {view?.choice.quote?.total?.amountMinor}</p>
      <button type="button" onClick={() => checkout?.send({ type: 'CANCEL' })}>Cancel</button>
      <BmtProduct desk={desk} />
      <BmtPanel gateway="https://pay.example" tokenUrl="/token" basket="u1" currency="EUR" offers={[{ skuId: 'sku_1' }]}
        onChange={({ detail }) => detail.order?.orderId} onError={({ detail }) => detail.correlationId} />
      {/* @ts-expect-error the machine alone says that it was paid */}
      <button type="button" onClick={() => checkout?.send({ type: 'PAID' })}>Paid</button>
    </>
  );
}
