// What the channel pays to the merchant's own bank account: made by tests, told by statement files alone.
import { randomBytes } from 'node:crypto';

export class Settlements {
  list = [];

  // `amount_minor` is what arrives: the channel has taken off fees and refunds.
  create({ merchant, amount_minor, currency }) {
    if (!merchant || !currency || !Number.isSafeInteger(amount_minor) || amount_minor <= 0) {
      throw new Error('a settlement has a merchant, an amount and a currency');
    }
    const settlement = {
      id: `cs_${randomBytes(8).toString('hex')}`,
      merchant,
      request: { amount_minor, currency },
      transaction: `ct_${randomBytes(8).toString('hex')}`,
      movedAt: Date.now(),
    };
    this.list.push(settlement);
    return settlement;
  }

  show(settlement) {
    return { channel_settlement_id: settlement.id, channel_transaction_id: settlement.transaction, ...settlement.request };
  }
}
