// Who may not call: for each method no credential, a wrong, revoked or expired one, a role, scope or business that it
// does not take. Nothing is read or written for such a caller.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectNothingChanged, keyOf, pack, rights, send, servedMethods, validCall } from './bad_input.js';
import { methods } from './contract.js';
import { givenFullShop, validCalls } from './valid_calls.js';
import { client, makeKey, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let full;
let served;
let calls; // of every served method: its request packed
before(async () => {
  world = await startWorld();
  full = await givenFullShop(world);
  served = await servedMethods(world, full);
  const table = validCalls(full);
  calls = served.map((method) => ({ method, key: keyOf(method), bytes: pack(method.request, validCall(method, table)) }));
});
after(() => stopWorld(world));

const takes = (method, role) => method.rule.roles.includes(role) || method.rule.roles.includes('ROLE_PUBLIC');
const ask = async ({ method, bytes }, by) => (await send(world, method.path, bytes, { ...by, isStream: method.isStream })).refusal;

async function expectRefused(these, by, code, reason) {
  assert.ok(these.length > 0);
  for (const one of these) {
    const found = await ask(one, by);
    assert.deepEqual([found?.code, found?.reason], [code, reason], one.key);
  }
}

const staffKey = async (role) => (await client(world, 'business.BusinessService', world.adminKey).IssueApiKey({ request_id: requestId(), role, label: role })).key;
const issue = (more = {}) => full.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', label: 'x', ...more });
// A key has ended for this server once any method says so.
const untilRefused = (key, reason) => until(`the key is refused with ${reason}`, async () =>
  (await send(world, '/bmt.order.v1.OrderService/ListOrders', Buffer.alloc(0), { credential: key })).refusal?.reason === reason);

test('no credential, and one that is none', () => expectNothingChanged(world, async () => {
  const guarded = calls.filter(({ method }) => !method.rule.roles.includes('ROLE_PUBLIC'));
  await expectRefused(guarded, {}, 'UNAUTHENTICATED', 'CREDENTIAL_MISSING');
  const broken = ['x', `${full.key.slice(0, -1)}!`, makeKey(), makeKey('bmt_live_'), 'a.b.c', `${full.key} `, full.key.slice(0, -1)];
  for (const credential of broken) await expectRefused(guarded, { credential }, 'UNAUTHENTICATED', 'CREDENTIAL_INVALID');
}));

test('methods not served yet refuse such callers too', async () => {
  for (const method of methods.filter((one) => !served.includes(one))) {
    assert.equal((await send(world, method.path, Buffer.alloc(0), {})).refusal.reason, 'CREDENTIAL_MISSING', keyOf(method));
    assert.equal((await send(world, method.path, Buffer.alloc(0), { credential: makeKey() })).refusal.reason, 'CREDENTIAL_INVALID', keyOf(method));
  }
});

test('a revoked key, and one that has expired', async () => {
  const revoked = await issue();
  const now = Math.floor(Date.now() / 1000);
  const expired = await issue({ expire_time: { seconds: now + 3600 } });
  const { token } = await full.businesses.IssueClientToken({ user_id: 'u1', lives_s: 600 });
  await full.businesses.RevokeApiKey({ request_id: requestId(), api_key_id: revoked.api_key.api_key_id });
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 3601 } });
  await untilRefused(revoked.key, 'CREDENTIAL_REVOKED');
  await untilRefused(expired.key, 'CREDENTIAL_EXPIRED');
  await untilTimedOut();
  await expectNothingChanged(world, async () => {
    const guarded = calls.filter(({ method }) => !method.rule.roles.includes('ROLE_PUBLIC'));
    await expectRefused(guarded, { credential: revoked.key }, 'UNAUTHENTICATED', 'CREDENTIAL_REVOKED');
    await expectRefused(guarded, { credential: expired.key }, 'UNAUTHENTICATED', 'CREDENTIAL_EXPIRED');
    await expectRefused(guarded, { credential: token }, 'UNAUTHENTICATED', 'CREDENTIAL_EXPIRED');
  });
});

// An hour later the orders that nobody has paid are closed.
const untilTimedOut = () => until('orders that nobody pays are closed', async () =>
  (await full.orders.ListOrders({ state: 'ORDER_STATE_PENDING_PAYMENT' })).orders.length === 0);

test('roles that the contract does not name', async () => {
  const { token } = await full.businesses.IssueClientToken({ user_id: 'u1' });
  const business = full.business.business_id;
  const callers = {
    ROLE_BROWSER: { credential: token },
    ROLE_MERCHANT: { credential: full.key },
    ROLE_SUPPORT: { credential: await staffKey('KEY_ROLE_SUPPORT'), business },
    ROLE_FINANCE: { credential: await staffKey('KEY_ROLE_FINANCE'), business },
    ROLE_ADMIN: { credential: world.adminKey, business },
  };
  await expectNothingChanged(world, async () => {
    for (const [role, by] of Object.entries(callers)) {
      await expectRefused(calls.filter(({ method }) => !takes(method, role)), by, 'PERMISSION_DENIED', 'ROLE_NOT_ALLOWED');
    }
  });
});

test('a key of other scopes', async () => {
  const scoped = calls.filter(({ method }) => takes(method, 'ROLE_MERCHANT') && method.rule.scope);
  const scopes = [...new Set(scoped.map(({ method }) => method.rule.scope))];
  for (const held of scopes.slice(0, 2)) {
    const { key } = await issue({ scopes: [held] });
    await expectNothingChanged(world, () =>
      expectRefused(scoped.filter(({ method }) => method.rule.scope !== held), { credential: key }, 'PERMISSION_DENIED', 'SCOPE_NOT_ALLOWED'));
  }
});

test('staff that name no business where one is needed, or none that exists', async () => {
  const ofStaff = calls.filter(({ method }) => takes(method, 'ROLE_ADMIN') && !method.rule.business_optional && !takes(method, 'ROLE_PUBLIC'));
  const ofSupport = calls.filter(({ method }) => takes(method, 'ROLE_SUPPORT') && !method.rule.business_optional && !takes(method, 'ROLE_PUBLIC'));
  const support = await staffKey('KEY_ROLE_SUPPORT');
  await expectNothingChanged(world, async () => {
    await expectRefused(ofStaff, { credential: world.adminKey }, 'PERMISSION_DENIED', 'BUSINESS_REQUIRED');
    await expectRefused(ofStaff, { credential: world.adminKey, business: 'nonsense' }, 'INVALID_ARGUMENT', 'FIELD_MALFORMED');
    await expectRefused(ofStaff, { credential: world.adminKey, business: 'biz_0000000000001' }, 'NOT_FOUND', 'BUSINESS_NOT_FOUND');
    await expectRefused(ofSupport, { credential: support, business: 'biz_0000000000002' }, 'NOT_FOUND', 'BUSINESS_NOT_FOUND');
  });
});

test('the key says for which business it acts, whatever the call names', async () => {
  const { credential } = rights(world, full, { rule: { roles: ['ROLE_MERCHANT'] } });
  const named = client(world, 'product.ProductService', credential, { business: 'biz_0000000000001' });
  assert.deepEqual(await named.ListSpus({}), await full.products.ListSpus({}));
});
