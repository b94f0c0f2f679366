// Books a payment in the ledger as the server would have, where a test has made it succeed by hand: on a chain of its own.
import { createHash } from 'node:crypto';
import { query } from './world.js';

let lastChain = 1000; // the server's are below 64
const big = (number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(number));
  return bytes;
};

export function bookPayment(world, paymentId) {
  const columns = 'biz_id, channel_account_id, currency, amount_minor, update_time_ms';
  const [biz, account, currency, amount, now] = query(world, `SELECT CONCAT_WS(' ', ${columns}) FROM bmt_payment.payments WHERE payment_id = ${paymentId}`).split(' ');
  const chain = lastChain++;
  const id = paymentId + 1n;
  const sides = [[1, account, amount], [2, 0, `-${amount}`]]; // CHANNEL_RECEIVABLE, CUSTOMER_LIABILITY
  const hash = createHash('sha256').update(Buffer.alloc(32));
  for (const number of [id, biz, 1, paymentId, 0, chain, 1, now, 0]) hash.update(big(number));
  sides.forEach(([kind, subject, posted], i) => hash.update(Buffer.concat(
    [...[i + 1, kind, subject].map(big), Buffer.from(`${currency}\0`), big(posted)])));
  const digest = hash.digest('hex');
  query(world, `INSERT INTO bmt_settlement.transfers VALUES (${id}, ${biz}, 1, ${paymentId}, 0, ${chain}, 1, x'${digest}', '', ${now})`);
  query(world, `INSERT INTO bmt_settlement.chains VALUES (${chain}, 1, x'${digest}')`);
  sides.forEach(([kind, subject, posted], i) => {
    query(world, `INSERT INTO bmt_settlement.postings VALUES (${id}, ${i + 1}, ${biz}, ${kind}, ${subject}, '${currency}', ${posted}, ${now})`);
    query(world, `INSERT INTO bmt_settlement.account_days VALUES (${biz}, ${kind}, ${subject}, '${currency}', ${now} DIV 86400000, ${chain}, ${i ? 0 : amount}, ${i ? amount : 0}, 1)`);
  });
}
