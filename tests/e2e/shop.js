// A business with something to sell, in the words of tests.
import { client, requestId, until } from './world.js';

// Registers a business with its key and its account at the sandbox channel.
export async function givenShop(world, code = `shop-${requestId('s')}`.toLowerCase()) {
  const admin = client(world, 'business.BusinessService', world.adminKey);
  const { business } = await admin.RegisterBusiness({ request_id: requestId(), code, name: 'A shop', currency: 'EUR' });
  const staff = client(world, 'business.BusinessService', world.adminKey, { business: business.business_id });
  const issued = await staff.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', label: 'tests' });
  const hub = client(world, 'payment.PaymentHubService', world.adminKey, { business: business.business_id });
  const { channel_account: account } = await hub.CreateChannelAccount({
    request_id: requestId(), code: 'main', channel: 'sandbox', title: 'Sandbox', merchant: code, secret_name: 'sandbox-main',
    base_url: world.channel.url, notify_url: `${world.channel.url}/relay`,
  });
  return {
    world, business, key: issued.key, keyId: issued.api_key.api_key_id, account,
    businesses: client(world, 'business.BusinessService', issued.key),
    products: client(world, 'product.ProductService', issued.key),
    orders: client(world, 'order.OrderService', issued.key),
    payments: client(world, 'payment.PaymentHubService', issued.key),
  };
}

// A published SKU that grants 30 days; stock undefined is unlimited.
export async function givenSku(shop, { stock, price = 1250, code = requestId('sku') } = {}) {
  const { products } = shop;
  const { spu } = await products.CreateSpu({ request_id: requestId(), code, title: 'Gold' });
  const { sku } = await products.CreateSku({
    request_id: requestId(), spu_id: spu.spu_id, code, title: 'Gold, a month', grant: { kind: 'GRANT_KIND_DURATION', amount: 30 * 86400 },
  });
  await products.CreatePriceVersion({ request_id: requestId(), sku_id: sku.sku_id, unit_price: { amount_minor: price, currency: 'EUR' } });
  await products.PublishSpu({ request_id: requestId(), spu_id: spu.spu_id });
  await products.PublishSku({ request_id: requestId(), sku_id: sku.sku_id });
  if (stock !== undefined) {
    await products.SetStock({ request_id: requestId(), sku_id: sku.sku_id, kind: 'STOCK_KIND_COUNTED', total: stock });
  }
  return { spu, sku };
}

// An agreement that must be accepted, of all orders unless `more` says otherwise.
export async function givenAgreement(shop, more = {}) {
  const { agreement_template: made } = await shop.payments.CreateAgreementTemplate({
    request_id: requestId(), code: requestId('terms').toLowerCase(), locale: 'en', title: 'Terms', text: 'What you agree to.', demand: 'AGREEMENT_DEMAND_REQUIRED', ...more,
  });
  return made;
}

export async function givenOrder(shop, sku, { user = 'u1', quantity = 1, ...more } = {}) {
  const { order } = await shop.orders.CreateOrder({
    request_id: requestId(), user_id: user, currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity }], ...more,
  });
  return order;
}

export const beginPayment = (shop, order, more = {}) =>
  shop.orders.PayOrder({ request_id: requestId(), order_id: order.order_id, channel_account_id: shop.account.channel_account_id, ...more });

// The person on the channel's page.
export async function decide(payment, decision = 'pay') {
  await fetch(payment.action.redirect_url, { method: 'POST', body: new URLSearchParams({ decision }) });
}

export const orderState = async (shop, order) => (await shop.orders.GetOrder({ order_id: order.order_id })).order.state;

export const untilState = (shop, order, state) =>
  until(`order ${order.order_id} is ${state}`, async () => (await orderState(shop, order)) === `ORDER_STATE_${state}`);

export async function givenFulfilledOrder(shop, sku, more = {}) {
  const order = await givenOrder(shop, sku, more);
  const { payment } = await beginPayment(shop, order);
  await decide(payment);
  await untilState(shop, order, 'FULFILLED');
  return order;
}
