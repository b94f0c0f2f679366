// Credentials: keys, rotation, revocation, tokens, scopes, and that another business's objects do not exist.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { givenOrder, givenShop, givenSku } from './shop.js';
import { client, refused, requestId, startServer, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sku;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
});
after(() => stopWorld(world));

const reasonOf = async (promise) => (await refused(promise)).reason;
const get = (credential, more) => client(world, 'product.ProductService', credential, more).GetSku({ sku_id: sku.sku_id });

test('a repeated IssueApiKey gives the same key; it is stored nowhere', async () => {
  const request = { request_id: requestId(), role: 'KEY_ROLE_MERCHANT', label: 'again' };
  const first = await shop.businesses.IssueApiKey(request);
  const second = await shop.businesses.IssueApiKey(request);
  assert.equal(first.key, second.key);
  assert.equal(first.api_key.api_key_id, second.api_key.api_key_id);
  assert.equal(await reasonOf(shop.businesses.IssueApiKey({ ...request, label: 'other' })), 'REQUEST_ID_REUSED');
  await get(first.key);
});

test('a revoked key is refused at once here, and soon by another replica', async () => {
  const { key, api_key: { api_key_id: id } } = await shop.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT' });
  const other = await startServer(world, 'replica');
  world.servers.push(other);
  await get(key);
  await get(key, { port: other.port });
  const { api_key: revoked } = await shop.businesses.RevokeApiKey({ request_id: requestId(), api_key_id: id });
  assert.equal(revoked.state, 'API_KEY_STATE_REVOKED');
  assert.equal(await reasonOf(get(key)), 'CREDENTIAL_REVOKED');
  await until('the other replica refuses', () => get(key, { port: other.port }).then(() => false, (error) => error.refusal.reason === 'CREDENTIAL_REVOKED'), 5000);
});

test('a rotated key lives on for a while, then only its successor does', async () => {
  const { key, api_key: { api_key_id: id } } = await shop.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT' });
  const { key: successor, old_api_key: old } = await shop.businesses.RotateApiKey({ request_id: requestId(), api_key_id: id, old_key_lives_s: 3600 });
  assert.notEqual(old.expire_time, null);
  await get(key);
  await get(successor);
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 3601 } });
  await until('the old key has expired', () => get(key).then(() => false, (error) => error.refusal.reason === 'CREDENTIAL_EXPIRED'));
  await get(successor);
  assert.equal(await reasonOf(shop.businesses.RotateApiKey({ request_id: requestId(), api_key_id: id })), 'API_KEY_WRONG_STATE');
});

test('a key with scopes can do what they name, and cannot give away more', async () => {
  const { key } = await shop.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', scopes: ['products:read', 'keys:write'] });
  await get(key);
  const products = client(world, 'product.ProductService', key);
  assert.equal(await reasonOf(products.CreateSpu({ request_id: requestId(), code: 'x', title: 'x' })), 'SCOPE_NOT_ALLOWED');
  const businesses = client(world, 'business.BusinessService', key);
  assert.equal(await reasonOf(businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT' })), 'SCOPE_NOT_ALLOWED');
  assert.equal(await reasonOf(businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', scopes: ['orders:write'] })), 'SCOPE_NOT_ALLOWED');
  assert.equal(await reasonOf(businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_ADMIN', scopes: ['keys:write'] })), 'ROLE_NOT_ALLOWED');
});

test('a rotated key gives away no more scopes than the caller has, and keeps its expiry', async () => {
  const small = await givenShop(world);
  const issue = async (more) => (await small.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', ...more }));
  const { key } = await issue({ scopes: ['products:read', 'keys:write'] });
  const wider = (await issue({ scopes: ['keys:write', 'orders:write'] })).api_key;
  const narrow = (await issue({ scopes: ['products:read'] })).api_key;
  const limited = client(world, 'business.BusinessService', key);
  const rotate = (by, old, id = requestId()) => by.RotateApiKey({ request_id: id, api_key_id: old });
  const refusedFor = async (promise) => { const { reason, metadata } = await refused(promise); return [reason, metadata.scope]; };
  assert.deepEqual(await refusedFor(rotate(limited, small.keyId)), ['SCOPE_NOT_ALLOWED', '(all)']);
  assert.deepEqual(await refusedFor(rotate(limited, wider.api_key_id)), ['SCOPE_NOT_ALLOWED', 'orders:write']);
  assert.deepEqual((await rotate(limited, narrow.api_key_id)).api_key.scopes, ['products:read']);
  const again = requestId();
  assert.deepEqual((await rotate(small.businesses, wider.api_key_id, again)).api_key.scopes, wider.scopes);
  assert.deepEqual(await refusedFor(rotate(limited, wider.api_key_id, again)), ['SCOPE_NOT_ALLOWED', 'orders:write']);
  const { api_key: ends } = await issue({ expire_time: { seconds: 4102444800 } });
  assert.deepEqual((await rotate(small.businesses, ends.api_key_id)).api_key.expire_time, ends.expire_time);
});

test('a business has a limited number of keys', async () => {
  const small = await givenShop(world);
  for (let i = 0; i < 9; i += 1) await small.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT' });
  assert.equal(await reasonOf(small.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT' })), 'API_KEY_LIMIT');
  const { api_keys: keys, next_page_token: next } = await small.businesses.ListApiKeys({ page_size: 4 });
  assert.equal(keys.length, 4);
  assert.equal((await small.businesses.ListApiKeys({ page_size: 4, page_token: next })).api_keys.length, 4);
  assert.equal(await reasonOf(shop.businesses.ListApiKeys({ page_size: 4, page_token: next })), 'PAGE_TOKEN_INVALID');
});

test('a client token acts for its user alone, and expires', async () => {
  const order = await givenOrder(shop, sku, { user: 'alice' });
  const { token: alice } = await shop.businesses.IssueClientToken({ user_id: 'alice', lives_s: 600 });
  const { token: bob } = await shop.businesses.IssueClientToken({ user_id: 'bob' });
  const orders = (token) => client(world, 'order.OrderService', token);
  assert.equal((await orders(alice).GetOrder({ order_id: order.order_id })).order.order_id, order.order_id);
  assert.equal(await reasonOf(orders(bob).GetOrder({ order_id: order.order_id })), 'ORDER_NOT_FOUND');
  assert.equal(await reasonOf(orders(bob).CancelOrder({ request_id: requestId(), order_id: order.order_id })), 'ORDER_NOT_FOUND');
  assert.equal(await reasonOf(orders(bob).ListOrders({ user_id: 'alice' })), 'ORDER_NOT_FOUND');
  assert.equal(await reasonOf(orders(bob).CreateOrder({ request_id: requestId(), user_id: 'alice', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] })), 'FIELD_MALFORMED');
  assert.equal(await reasonOf(client(world, 'product.ProductService', bob).ListEntitlements({ user_id: 'alice' })), 'ENTITLEMENT_NOT_FOUND');
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 601 } });
  assert.equal(await reasonOf(orders(alice).GetOrder({ order_id: order.order_id })), 'CREDENTIAL_EXPIRED');
});

test('a token fills in its own user, a key that of nobody', async () => {
  const { token } = await shop.businesses.IssueClientToken({ user_id: 'carol' });
  const request = () => ({ request_id: requestId(), currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] });
  const { order } = await client(world, 'order.OrderService', token).CreateOrder(request());
  assert.equal(order.user_id, 'carol');
  assert.equal(await reasonOf(shop.orders.CreateOrder(request())), 'FIELD_REQUIRED');
});

test('a request_id of another user answers nothing of its', async () => {
  const order = await givenOrder(shop, sku, { user: 'alice' });
  const tokenOf = async (user) => (await shop.businesses.IssueClientToken({ user_id: user })).token;
  const [alice, bob] = (await Promise.all(['alice', 'bob'].map(tokenOf))).map((token) => client(world, 'order.OrderService', token));
  const cancel = { request_id: requestId(), order_id: order.order_id };
  const first = await alice.CancelOrder(cancel);
  assert.deepEqual(await alice.CancelOrder(cancel), first);
  assert.equal(await reasonOf(bob.CancelOrder(cancel)), 'REQUEST_ID_REUSED');
  assert.equal(await reasonOf(shop.orders.CancelOrder(cancel)), 'REQUEST_ID_REUSED');
});

test('tokens of other algorithms and keys are refused', async () => {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'bmt', aud: 'bmt', sub: 'alice', biz: shop.business.business_id, exp: 4102444800 };
  for (const token of [`${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`, `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}.AAAA`,
    `${encode({ alg: 'EdDSA', typ: 'JWT' })}.${encode(claims)}.${Buffer.alloc(64).toString('base64url')}`]) {
    assert.equal(await reasonOf(get(token)), 'CREDENTIAL_INVALID');
  }
});

test('objects of another business do not exist', async () => {
  const other = await givenShop(world);
  const order = await givenOrder(shop, sku);
  const { payment } = await shop.orders.PayOrder({ request_id: requestId(), order_id: order.order_id, channel_account_id: shop.account.channel_account_id });
  const cases = [
    [() => other.products.GetSku({ sku_id: sku.sku_id }), 'SKU_NOT_FOUND'],
    [() => other.products.GetSpu({ spu_id: sku.spu_id }), 'SPU_NOT_FOUND'],
    [() => other.products.UpdateSku({ request_id: requestId(), sku_id: sku.sku_id, update_mask: { paths: ['title'] }, title: 'mine' }), 'SKU_NOT_FOUND'],
    [() => other.products.SetStock({ request_id: requestId(), sku_id: sku.sku_id, kind: 'STOCK_KIND_COUNTED', total: 1 }), 'SKU_NOT_FOUND'],
    [() => other.products.CreatePriceVersion({ request_id: requestId(), sku_id: sku.sku_id, unit_price: { amount_minor: 1, currency: 'EUR' } }), 'SKU_NOT_FOUND'],
    [() => other.orders.GetOrder({ order_id: order.order_id }), 'ORDER_NOT_FOUND'],
    [() => other.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id }), 'ORDER_NOT_FOUND'],
    [() => other.orders.ListOrderEvents({ order_id: order.order_id }), 'ORDER_NOT_FOUND'],
    [() => other.orders.PayOrder({ request_id: requestId(), order_id: order.order_id, channel_account_id: other.account.channel_account_id }), 'ORDER_NOT_FOUND'],
    [() => givenOrder(other, sku), 'SKU_NOT_FOUND'],
    [() => other.payments.GetPayment({ payment_id: payment.payment_id }), 'PAYMENT_NOT_FOUND'],
    [() => other.payments.QueryPayment({ payment_id: payment.payment_id }), 'PAYMENT_NOT_FOUND'],
    [() => other.payments.GetChannelAccount({ channel_account_id: shop.account.channel_account_id }), 'CHANNEL_ACCOUNT_NOT_FOUND'],
    [() => other.businesses.GetBusiness({ business_id: shop.business.business_id }), 'BUSINESS_NOT_FOUND'],
    [() => other.businesses.RevokeApiKey({ request_id: requestId(), api_key_id: shop.keyId }), 'API_KEY_NOT_FOUND'],
  ];
  for (const [act, reason] of cases) assert.equal(await reasonOf(act()), reason);
  const { orders, missing_order_ids: missing } = await other.orders.BatchGetOrders({ order_ids: [order.order_id] });
  assert.deepEqual([orders, missing], [[], [order.order_id]]);
});

test('a suspended business is refused until it is active again', async () => {
  const other = await givenShop(world);
  const admin = client(world, 'business.BusinessService', world.adminKey);
  const set = (state) => admin.UpdateBusiness({ request_id: requestId(), business_id: other.business.business_id, update_mask: { paths: ['state'] }, state });
  assert.equal(await reasonOf(other.businesses.UpdateBusiness({ request_id: requestId(), business_id: other.business.business_id, update_mask: { paths: ['state'] }, state: 'BUSINESS_STATE_SUSPENDED' })), 'ROLE_NOT_ALLOWED');
  await set('BUSINESS_STATE_SUSPENDED');
  await until('it is refused', () => other.products.ListSpus({}).then(() => false, (error) => error.refusal.reason === 'BUSINESS_SUSPENDED'), 5000);
  await set('BUSINESS_STATE_ACTIVE');
  await until('it is served again', () => other.products.ListSpus({}).then(() => true, () => false), 5000);
});
