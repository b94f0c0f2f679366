// Notifications: delivered until they are accepted, unless a rule says otherwise.
import { randomBytes } from 'node:crypto';
import { signedHeaders } from './keys.js';

const PAUSES_MS = [200, 500, 1000, 2000, 5000, 10000, 30000];
const OPPOSITE = { SUCCEEDED: 'FAILED', FAILED: 'SUCCEEDED', CLOSED: 'SUCCEEDED' };

export class Notifier {
  constructor(keys, faults, log) {
    this.keys = keys;
    this.faults = faults;
    this.log = log;
    this.held = [];
    this.timers = new Set();
  }

  // Tells the merchant of a payment's end.
  tell(payment, shown) {
    const rule = this.faults.take('notify', shown.merchant_payment_id);
    const said = { ...shown };
    if (rule?.fault === 'contradictory') {
      said.state = OPPOSITE[shown.state] ?? shown.state;
    }
    if (rule?.fault === 'wrong_amount') {
      said.amount_minor += 1;
    }
    const notification = {
      url: payment.request.notify_url,
      forged: rule?.fault === 'forged',
      body: JSON.stringify({
        event_id: `ce_${randomBytes(8).toString('hex')}`,
        event: `payment.${said.state.toLowerCase()}`,
        merchant: payment.merchant,
        ...said,
      }),
      attempt: 0,
    };
    if (rule?.fault === 'hold') {
      this.held.push(notification);
      return;
    }
    void this.deliver(notification);
    if (rule?.fault === 'duplicate') {
      void this.deliver({ ...notification });
    }
  }

  // Delivers what is held back, the last first; resolves when each was answered.
  async flush() {
    const held = this.held.reverse();
    this.held = [];
    for (const notification of held) {
      await this.deliver(notification);
    }
  }

  async deliver(notification) {
    const headers = { 'content-type': 'application/json', ...signedHeaders(this.keys, notification.body, notification) };
    let status = 0;
    let accepted = false;
    try {
      const answer = await fetch(notification.url, { method: 'POST', headers, body: notification.body });
      status = answer.status;
      accepted = status === 200 && (await answer.json()).accepted === true;
    } catch {
      // Nobody there: told again later.
    }
    this.log({ what: 'notification', url: notification.url, body: JSON.parse(notification.body), status, accepted });
    if (!accepted && notification.attempt < PAUSES_MS.length) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        void this.deliver({ ...notification, attempt: notification.attempt + 1 });
      }, PAUSES_MS[notification.attempt]);
      this.timers.add(timer);
    }
  }

  stop() {
    for (const timer of this.timers) {
      clearTimeout(timer);
    }
  }
}
