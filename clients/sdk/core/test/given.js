// Purchases in the words of tests: a page before a shop, and the way to each state.
import { createCheckout, memoryStore } from '../dist/index.js';
import { createClock, openShop } from './shop.js';

export const PURCHASE = { lines: [{ skuId: 'sku_1', quantity: 1 }], currency: 'EUR' };
export const reached = { states: new Set(), events: new Set() };

export function given(more = {}) {
  const clock = createClock();
  const shop = openShop(clock);
  const store = memoryStore();
  const tabs = [];
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `req-${ids}`;
  };
  // A page that is opened: the first time, again after a reload, or in another tab.
  const open = async (options = {}) => {
    const seen = [];
    const errors = [];
    const page = createCheckout({
      baseUrl: 'https://pay.example', token: 'token', key: 'basket', store, clock, fetch: shop.fetch, newId,
      plugins: [{
        name: 'test', hooks: {
          changed: ({ state }, event) => {
            if (seen.at(-1) !== state) seen.push(state);
            reached.states.add(state);
            reached.events.add(event);
          },
          failed: (error) => errors.push(error),
        },
      }, ...(options.plugins ?? more.plugins ?? [])],
      ...more.options, ...options.options,
    });
    reached.states.add(page.snapshot.state);
    tabs.push(page);
    await clock.rest();
    return Object.assign(page, { seen, errors });
  };
  return { clock, shop, store, open, end: () => { for (const page of tabs) page.stop(); } };
}

const buy = async (world, page) => { page.send({ type: 'BUY', purchase: PURCHASE }); await world.clock.rest(); };
const pay = async (world, page) => { await buy(world, page); page.send({ type: 'PAY', channelAccountId: 'chn_1' }); await world.clock.rest(); };
const acted = async (world, page) => { await pay(world, page); page.send({ type: 'ACTED' }); await world.clock.rest(); };

/** How a page comes to each state. */
export const TO = {
  looking: async (world, page) => { await buy(world, page); page.stop(); world.shop.fault('GetOrder', 'silent', 99); return world.open(); },
  idle: async () => {},
  creating: async (world, page) => { world.shop.fault('CreateOrder', 'silent', 99); await buy(world, page); },
  choosing: buy,
  paying: async (world, page) => { world.shop.fault('PayOrder', 'silent', 99); await pay(world, page); },
  acting: pay,
  waiting: acted,
  unsure: async (world, page) => { world.shop.first = 'UNKNOWN'; await pay(world, page); },
  cancelling: async (world, page) => { world.shop.fault('CancelOrder', 'silent', 99); await acted(world, page); page.send({ type: 'CANCEL' }); await world.clock.rest(); },
  paid: async (world, page) => { await acted(world, page); world.shop.payerPays(); await world.clock.rest(); },
  fulfilled: async (world, page) => { await TO.paid(world, page); world.shop.orderIs('FULFILLED'); await world.clock.rest(); },
  settling: async (world, page) => { await TO.unsure(world, page); world.shop.orderIs('CLOSED', { closeReason: 'CLOSE_REASON_TIMEOUT' }); await world.clock.rest(); },
  closed: async (world, page) => { await buy(world, page); page.send({ type: 'CANCEL' }); await world.clock.rest(); },
  returning: async (world, page) => { await TO.paid(world, page); world.shop.orderIs('REFUNDING'); await world.clock.rest(); },
  returned: async (world, page) => { await TO.returning(world, page); world.shop.orderIs('REFUNDED'); await world.clock.rest(); },
  refused: async (world, page) => { world.shop.fault('CreateOrder', { status: 400, body: { code: 'failed_precondition', message: 'sold out', details: [{ debug: { reason: 'STOCK_INSUFFICIENT', metadata: { available: '0' } } }] } }); await buy(world, page); },
  interrupted: async (world, page) => { world.shop.fault('CreateOrder', 'unreached', 99); await buy(world, page); await world.clock.pass(120000); },
};

/** A page in that state; what kept it there is mended when `world.shop.mend` is called. */
export async function givenState(world, state, options) {
  const page = await world.open(options);
  return (await TO[state](world, page)) ?? page;
}
