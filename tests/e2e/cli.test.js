// bmtctl as support staff meets it: forms of output, exit codes, confirmation, the story of an order, contexts.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenFulfilledOrder, givenOrder, givenShop, givenSku, orderState } from './shop.js';
import { BIN, requestId, startServer, startWorld, stopWorld } from './world.js';

let world;
let shop;
let sku;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
});
after(() => stopWorld(world));

const CTL = join(dirname(BIN), 'clients/bmtctl');
// A command gives its memory back by ending, so leaks of bmtctl are none.
const environment = () => ({ ...process.env, ASAN_OPTIONS: 'detect_leaks=0', BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: shop.key, BMT_CONFIG: join(world.folder, 'contexts.json') });

// Runs bmtctl with the shop's key.
function ctl(args, { input = '', env = {} } = {}) {
  const done = spawnSync(CTL, args, { input, encoding: 'utf8', timeout: 20000, env: { ...environment(), ...env } });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test('a reply is shown as table, JSON, JSON lines, YAML and as ids', () => {
  assert.match(ctl(['sku', 'get', sku.sku_id]).out, /title +Gold, a month/);
  assert.equal(JSON.parse(ctl(['sku', 'get', sku.sku_id, '-o', 'json']).out).sku.sku_id, sku.sku_id);
  assert.equal(JSON.parse(ctl(['sku', 'list', '-o', 'jsonl']).out.split('\n')[0]).sku_id, sku.sku_id);
  assert.match(ctl(['sku', 'get', sku.sku_id, '-o', 'yaml']).out, /sku_id: "sku_/);
  assert.equal(ctl(['sku', 'list', '-q']).out.trim(), sku.sku_id);
  assert.match(ctl(['price', 'list', sku.sku_id]).out, /12\.50 EUR/);
});

test('what must be accepted is created, shown by the cashier, accepted and listed', async () => {
  const json = (...args) => {
    const done = ctl([...args, '-o', 'json']);
    assert.equal(done.code, 0, done.err);
    return JSON.parse(done.out);
  };
  const order = await givenOrder(shop, sku, { user: 'u9' });
  const { agreement_template: terms } = json('agreement', 'create', 'cli-terms', '--demand', 'REQUIRED', '--locale', 'en', '--title', 'Terms', '--text', 'first line\nsecond line',
    '--translations', '[{"locale":"zh","title":"T","text":"zh"}]', '--spu-ids', sku.spu_id);
  assert.deepEqual([terms.version, terms.text, terms.locales, terms.spu_ids], [1, 'first line\nsecond line', ['en', 'zh'], [sku.spu_id]]);
  const { channels, agreements } = json('cashier', 'channels', order.order_id, '--platform', 'WEB', '--locale', 'zh');
  assert.deepEqual([channels[0].title, agreements[0].text], ['Sandbox', 'zh']);
  assert.match(ctl(['order', 'pay', order.order_id, '--channel-account-id', shop.account.channel_account_id, '--reason', 'x', '--yes']).err, /AGREEMENT_NOT_ACCEPTED/);
  const { acceptance } = json('agreement', 'accept', terms.agreement_template_id, '--user-id', 'u9', '--order-id', order.order_id, '--locale', 'zh');
  assert.deepEqual(json('agreement', 'acceptances', '--user-id', 'u9').acceptances, [acceptance]);
  assert.match(ctl(['agreement', 'list', '--code', 'cli-terms']).out, /cli-terms/);
  json('agreement', 'create', 'cli-terms', '--demand', 'WITHDRAWN', '--locale', 'en', '--title', 'Terms', '--text', 'no longer asked for');
  assert.equal(json('agreement', 'list', '--code', 'cli-terms').agreement_templates.length, 2);
});

test('exit codes say what kind of failure it was', () => {
  const cases = [
    [['sku', 'get', 'sku_0000000000001'], {}, 4, /SKU_NOT_FOUND/],
    [['sku', 'get', 'nonsense'], {}, 2, /FIELD_MALFORMED/],
    [['sku', 'nope'], {}, 2, /there is no such command/],
    [['sku', 'list', '--nope'], {}, 2, /unknown or incomplete option/],
    [['sku', 'publish', sku.sku_id], {}, 5, /SKU_WRONG_STATE/],
    [['sku', 'list'], { BMT_API_KEY: 'bmt_test_wrong' }, 5, /CREDENTIAL_INVALID/],
    [['sku', 'list', '--timeout', '1'], { BMT_ADDRESS: '127.0.0.1:9' }, 3, /UNAVAILABLE|DEADLINE/],
    [['price', 'create', sku.sku_id, '--unit-price', '12.505 EUR'], {}, 2, /unit_price/],
  ];
  for (const [args, env, code, message] of cases) {
    const done = ctl(args, { env });
    assert.equal(done.code, code, `${args}: ${done.err}`);
    assert.match(done.err, message);
  }
  assert.deepEqual([ctl(['health']).code, ctl(['help']).code], [0, 0]);
});

test('a credential or business that cannot be sent is refused and not shown', () => {
  const cases = [
    [{ BMT_API_KEY: `${shop.key}\nmore` }, 'api_key'], [{ BMT_API_KEY: 'clé' }, 'api_key'], [{ BMT_API_KEY: 'a\tb' }, 'api_key'],
    [{ BMT_BUSINESS: 'biz_\u0001' }, 'business'], [{ BMT_BUSINESS: 'bïz' }, 'business'],
  ];
  for (const [env, option] of cases) {
    for (const args of [['sku', 'list'], ['order', 'watch', 'ord_0000000000001'], ['health']]) {
      const done = ctl(args, { env });
      assert.deepEqual([done.code, done.err], [2, `bmtctl: holds a character that is not printable ASCII: ${option}\n`]);
    }
  }
});

test('amounts have the decimals of their currency', () => {
  const cases = [
    ['5000 UGX', '5000'], ['5001 XAF', '5001'], ['5002 PYG', '5002'], ['5003 RWF', '5003'], ['70 JPY', '70'],
    ['1.234 IQD', '1234'], ['1.235 LYD', '1235'], ['0.007 TND', '7'], ['1.234 KWD', '1234'],
    ['1.2345 CLF', '12345'], ['0.0003 UYW', '3'], ['12.05 USD', '1205'],
  ];
  for (const [text, minor] of cases) {
    const done = ctl(['price', 'create', sku.sku_id, '--unit-price', text, '-o', 'json']);
    assert.equal(done.code, 0, `${text}: ${done.err}`);
    assert.deepEqual(JSON.parse(done.out).price_version.unit_price, { amount_minor: minor, currency: text.slice(-3) });
  }
  const shown = ctl(['price', 'list', sku.sku_id]).out;
  for (const [text] of cases) assert.match(shown, new RegExp(`\\s${text.replace('.', '\\.')}\\s`));
});

test('what is no amount is refused before anything is sent', () => {
  const cases = ['12.50 EURO', '12.50 EUR ', '12.50 EUR 1', '12.50EUR', '12.50 ZZZ', '12.50 eur', '12.50', '1.2.3 EUR', '1. EUR', '.5 EUR',
    '-1 EUR', '1e3 EUR', '1.5 UGX', '1.2345 TND', '1.23456 CLF', '99999999999999999999 EUR', '5000 EUR UGX'];
  for (const text of cases) {
    const done = ctl(['price', 'create', sku.sku_id, `--unit-price=${text}`]);
    assert.equal(done.code, 2, `${text} was taken`);
    assert.match(done.err, /^bmtctl: unit_price is not an amount such as 12\.50 EUR/);
  }
});

test('times are read with their offset, and as they are shown', () => {
  const create = (time, currency) => ctl(['price', 'create', sku.sku_id, '--unit-price', `5 ${currency}`, '--effective-time', time, '-o', 'json']);
  const cases = [
    ['2090-07-01T02:00:00+02:00', 'CHF', '2090-07-01T00:00:00.000Z'], ['2090-07-01T00:00:00.250-07:30', 'GBP', '2090-07-01T07:30:00.250Z'],
    ['2090-07-01T07:30:00.250Z', 'SEK', '2090-07-01T07:30:00.250Z'],
  ];
  for (const [time, currency, shown] of cases) {
    const done = create(time, currency);
    assert.equal(done.code, 0, `${time}: ${done.err}`);
    assert.equal(JSON.parse(done.out).price_version.effective_time, shown);
  }
  for (const time of ['2090-07-01T00:00:00', '2090-07-01T00:00:00+0200', '2090-07-01T00:00:00Zulu', '2090-07-01T00:00:00 CEST', '2090-02-30T00:00:00Z']) {
    const done = create(time, 'NOK');
    assert.equal(done.code, 2, `${time} was taken`);
    assert.match(done.err, /^bmtctl: effective_time is not a time such as 2026-07-01T00:00:00Z/);
  }
});

test('what moves money asks for a reason and a confirmation', async () => {
  const order = await givenOrder(shop, sku);
  assert.match(ctl(['order', 'cancel', order.order_id]).err, /--reason/);
  assert.match(ctl(['order', 'cancel', order.order_id, '--reason', 'x']).err, /--yes/);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  assert.equal(ctl(['order', 'cancel', order.order_id, '--reason', 'asked by phone', '--yes']).code, 0);
  assert.match(ctl(['order', 'why', order.order_id]).out, /CANCEL .*USER_CANCELLED.*asked by phone/);
});

test('why tells the story and what happens next', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const { out } = ctl(['order', 'why', order.order_id]);
  assert.deepEqual(out.match(/CREATE|PAY |START_FULFILMENT|FULFIL /g).map((word) => word.trim()), ['CREATE', 'PAY', 'START_FULFILMENT', 'FULFIL']);
  assert.match(out, /next: CONFIRM at /);
});

test('why tells of a payment that nobody knows, and that the channel is asked', async () => {
  const order = await givenOrder(shop, sku);
  world.channel.faults.add([{ op: 'create', fault: 'lost_reply', times: 2 }]);
  const { payment } = await beginPayment(shop, order);
  world.channel.faults.clear();
  assert.equal(payment.state, 'PAYMENT_STATE_UNKNOWN');
  const { out } = ctl(['order', 'why', order.order_id]);
  const id = payment.payment_id;
  assert.match(out, new RegExp(`CREATE .*\\n.*payment created +${id} over 12\\.50 EUR\\n.*payment unknown +${id} over 12\\.50 EUR\\nnext: EXPIRE at `));
  assert.match(out, new RegExp(`next: the channel is asked again and again what became of ${id}\\n`));
  const shown = JSON.parse(ctl(['order', 'why', order.order_id, '-o', 'json']).out);
  assert.deepEqual([shown.order.order_id, shown.payments.map((one) => one.payment_id)], [order.order_id, [id]]);
  const { key } = await shop.businesses.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', label: 'orders', scopes: ['orders:read'] });
  const part = ctl(['order', 'why', order.order_id], { env: { BMT_API_KEY: key } });
  assert.deepEqual([part.code, part.out.includes('payment created')], [0, false], part.err);
  assert.match(part.err, /PERMISSION_DENIED|SCOPE/);
});

test('why tells of a refund that is not known, and that the channel is asked again', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  world.channel.faults.add([{ op: 'refund', fault: 'lost_reply', times: 2 }]);
  const { refund } = await shop.orders.RefundOrder({ request_id: requestId(), order_id: order.order_id, reason: 'not wanted' });
  world.channel.faults.clear();
  const { out } = ctl(['order', 'why', order.order_id]);
  assert.deepEqual(out.match(/CREATE |PAY |FULFIL |START_REFUND |(payment|refund) (created|succeeded|unknown)/g).map((word) => word.trim()),
    ['CREATE', 'payment created', 'payment succeeded', 'PAY', 'FULFIL', 'refund created', 'START_REFUND', 'refund unknown']);
  assert.match(out, new RegExp(`refund unknown +${refund.refund_id} over 12\\.50 EUR`));
  assert.match(out, /\nnext: REFUND \(the channel is asked again and again/);
  assert.doesNotMatch(out, /nothing happens by itself/);
});

test('a purchase and a charge can be made by hand', async () => {
  const quote = ctl(['quote', 'create', 'bob', '--currency', 'EUR', '--line', `${sku.sku_id}:2`, '-q']).out.trim();
  const order = ctl(['order', 'create', 'bob', '--quote-id', quote, '-q']).out.trim();
  // The channel runs in this process: it must not be kept waiting.
  const paid = await promisify(execFile)(CTL, ['order', 'pay', order, '--channel-account-id', shop.account.channel_account_id,
    '--reason', 'test', '--yes', '-o', 'json'], { env: environment() });
  assert.equal(JSON.parse(paid.stdout).payment.state, 'PAYMENT_STATE_PENDING');
  const charged = await promisify(execFile)(CTL, ['payment', 'create', 'bob', '--channel-account-id', shop.account.channel_account_id,
    '--amount', '5.00 EUR', '--reason', 'test', '--yes', '-o', 'json'], { env: environment() });
  const { payment } = JSON.parse(charged.stdout);
  assert.deepEqual([payment.state, payment.amount.amount_minor], ['PAYMENT_STATE_PENDING', '500']);
  const back = ['payment', 'refund', payment.payment_id, '--amount', '5.00 EUR'];
  assert.deepEqual([ctl(back).code, ctl([...back, '--reason', 'test']).code], [2, 2]); // no reason; nobody to confirm
  await decide(payment);
  await shop.payments.QueryPayment({ payment_id: payment.payment_id });
  const refund = await promisify(execFile)(CTL, [...back, '--reason', 'a mistake', '--yes', '-q'], { env: environment() });
  assert.match(refund.stdout, /^rfd_\w+$/m);
});

test('partners and rules are kept by hand', () => {
  const partner = ctl(['partner', 'create', 'studio', '--title', 'A studio', '--currency', 'EUR', '--schedule', 'MONTHLY', '-q']).out.trim();
  assert.equal(ctl(['partner', 'update', partner, '--update-mask', 'title', '--title', 'Our studio']).code, 0);
  assert.match(ctl(['partner', 'get', partner]).out, /title +Our studio/);
  assert.match(ctl(['partner', 'list']).out, /studio/);
  const parts = JSON.stringify([{ level: 1, partner_id: partner, kind: 'BASIS_POINTS', value: 7000 }]);
  const rule = ctl(['rule', 'create', 'SKU', '--sku-id', sku.sku_id, '--parts', parts, '--from-time', '2090-07-01T00:00:00Z', '-q']).out.trim();
  assert.equal(ctl(['rule', 'end', rule, '--to-time', '2091-07-01T00:00:00Z']).code, 0);
  assert.deepEqual(JSON.parse(ctl(['rule', 'get', rule, '-o', 'json']).out).split_rule.parts, [{ level: 1, partner_id: partner, kind: 'SPLIT_KIND_BASIS_POINTS', value: '7000' }]);
  assert.equal(ctl(['rule', 'list', '-q']).out.trim(), rule);
});

test('contexts are kept for their owner alone and never show keys', () => {
  assert.equal(ctl(['context', 'set', 'local']).code, 0);
  assert.equal(statSync(join(world.folder, 'contexts.json')).mode & 0o777, 0o600);
  const { out } = ctl(['context', 'list']);
  assert.match(out, /\* local/);
  assert.ok(!out.includes(shop.key));
  assert.equal(ctl(['sku', 'list', '-q'], { env: { BMT_ADDRESS: '', BMT_API_KEY: '' } }).out.trim(), sku.sku_id);
  assert.equal(ctl(['sku', 'list', '--context', 'nope']).code, 2);
});

test('a context that is set again keeps what is not given', () => {
  const file = join(world.folder, 'kept.json');
  const none = { BMT_CONFIG: file, BMT_ADDRESS: '', BMT_API_KEY: '', BMT_BUSINESS: '', BMT_CA_FILE: '', BMT_CERT_FILE: '', BMT_KEY_FILE: '' };
  const kept = () => JSON.parse(readFileSync(file, 'utf8')).contexts;
  const set = (args, env = {}) => assert.equal(ctl(['context', 'set', ...args], { env: { ...none, ...env } }).code, 0);
  const first = { address: '127.0.0.1:1', api_key: 'k1', business: 'biz_1', ca_file: '/ca.pem', certificate_file: '/me.pem', key_file: '/me.key' };

  set(['a', '--address', first.address, '--business', first.business, '--ca', first.ca_file, '--cert', first.certificate_file,
    '--key', first.key_file], { BMT_API_KEY: first.api_key });
  set(['b']);
  assert.deepEqual(kept(), { a: first, b: { address: '127.0.0.1:7450' } });
  set(['a', '--address', '127.0.0.1:2']);
  assert.deepEqual(kept().a, { ...first, address: '127.0.0.1:2' });
  set(['a'], { BMT_API_KEY: 'k2' });
  assert.deepEqual(kept(), { a: { ...first, address: '127.0.0.1:2', api_key: 'k2' }, b: { address: '127.0.0.1:7450' } });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

// An authority, and what it has signed for the server and for a client.
const makeCertificates = (folder) => execFileSync('sh', ['-euc', `umask 077; mkdir "$1"; cd "$1"
new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
$new -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem; printf 'subjectAltName=DNS:localhost' >ext
for n in server client; do $new -subj /CN=$n -keyout $n.key -out $n.csr
openssl x509 -req -days 2 -in $n.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out $n.pem; done`, '-', folder], { stdio: 'ignore' });

test('a server that wants a certificate is shown one, by options, environment or context', async () => {
  const folder = join(world.folder, 'tls');
  const [ca, cert, key] = ['ca.pem', 'client.pem', 'client.key'].map((name) => join(folder, name));
  makeCertificates(folder);
  const server = await startServer(world, 'mutual', {
    settings: `tls: { certificate_file = "${folder}/server.pem"; key_file = "${folder}/server.key"; client_ca_file = "${ca}"; };` });
  world.servers.push(server);
  const at = { BMT_ADDRESS: `localhost:${server.port}`, BMT_CONFIG: join(world.folder, 'mutual.json') };
  const list = (args, env = {}) => ctl(['sku', 'list', '-q', '--timeout', '2', ...args], { env: { ...at, ...env } });

  assert.equal(list(['--ca', ca]).code, 3);
  assert.equal(list(['--ca', ca, '--cert', cert, '--key', key]).out.trim(), sku.sku_id);
  assert.equal(list([], { BMT_CA_FILE: ca, BMT_CERT_FILE: cert, BMT_KEY_FILE: key }).out.trim(), sku.sku_id);
  assert.equal(ctl(['context', 'set', 'mutual', '--ca', ca, '--cert', cert, '--key', key], { env: at }).code, 0);
  assert.equal(list([]).out.trim(), sku.sku_id);
  for (const args of [['--cert', cert], ['--key', key, '--ca', ca], ['--cert', cert, '--key', key]]) {
    const done = list(args, { BMT_CONFIG: join(world.folder, 'none.json') });
    assert.deepEqual([done.code, done.err.split('\n')[0]], [2, 'bmtctl: mutual TLS needs all of --ca, --cert and --key']);
  }
});

test('completion knows nouns and verbs', () => {
  for (const shell of ['bash', 'zsh']) assert.match(ctl(['completion', shell]).out, /order\) words="create get list/);
  assert.equal(spawnSync('bash', ['-n'], { input: ctl(['completion', 'bash']).out }).status, 0);
});
