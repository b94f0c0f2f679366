// The channel's keys, what they sign, and what they prove.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SKEW_S = 300;

// Makes the keys once; later starts read them.
export function openKeys(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name) => join(folder, name);
  if (!existsSync(file('channel.key.pem'))) {
    const pair = generateKeyPairSync('ed25519');
    writeFileSync(file('channel.key.pem'), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const key = createPrivateKey(readFileSync(file('channel.key.pem')));
  writeFileSync(file('channel.pub.pem'), createPublicKey(key).export({ type: 'spki', format: 'pem' }));
  if (!existsSync(file('merchant.secret'))) {
    writeFileSync(file('merchant.secret'), randomBytes(24).toString('hex') + '\n', { mode: 0o600 });
  }
  return { key, secret: readFileSync(file('merchant.secret'), 'utf8').trim() };
}

// Headers that prove a body to be ours; a forged one is signed by a key that nobody knows.
export function signedHeaders(keys, body, { forged = false } = {}) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = randomBytes(12).toString('hex');
  const key = forged ? generateKeyPairSync('ed25519').privateKey : keys.key;
  const signature = sign(null, Buffer.from(`${timestamp}\n${nonce}\n${body}`), key).toString('base64');
  return { 'sandbox-timestamp': timestamp, 'sandbox-nonce': nonce, 'sandbox-signature': signature };
}

// Whether the merchant made the request.
export function isMerchant(keys, method, path, headers, body) {
  const timestamp = headers['sandbox-timestamp'] ?? '';
  const given = Buffer.from(headers['sandbox-signature'] ?? '', 'hex');
  const covered = [method, path, timestamp, headers['sandbox-nonce'] ?? '', body].join('\n');
  const wanted = createHmac('sha256', keys.secret).update(covered).digest();
  const isRecent = Math.abs(Number(timestamp) - Date.now() / 1000) < SKEW_S;
  return isRecent && given.length === wanted.length && timingSafeEqual(given, wanted);
}
