// A real browser before the real stack: the demo shop, the gateway, bmtd, the channel's page, and people who visit.
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startDemo } from '../../clients/sdk/demo/server.js';
import { startGateway } from '../e2e/gateway.js';
import { givenAgreement, givenShop } from '../e2e/shop.js';
import { client, requestId, startWorld, stopWorld } from '../e2e/world.js';

export const PICTURES = fileURLToPath(new URL('../../build/browser', import.meta.url));
const WAIT_MS = 60000; // for events only: a busy machine may be slow

// An SKU that the demo's pages name, at a price in cents.
async function givenSku({ products }, code, title, price, stock) {
  const { spu } = await products.CreateSpu({ request_id: requestId(), code, title });
  const { sku } = await products.CreateSku({ request_id: requestId(), spu_id: spu.spu_id, code, title, grant: { kind: 'GRANT_KIND_DURATION', amount: 30 * 86400 } });
  await products.CreatePriceVersion({ request_id: requestId(), sku_id: sku.sku_id, unit_price: { amount_minor: price, currency: 'EUR' } });
  await products.SetStock({ request_id: requestId(), sku_id: sku.sku_id, kind: 'STOCK_KIND_COUNTED', total: stock });
  await products.PublishSpu({ request_id: requestId(), spu_id: spu.spu_id });
  await products.PublishSku({ request_id: requestId(), sku_id: sku.sku_id });
  return sku.sku_id;
}

/** Everything, and a browser. */
export async function openTown({ settings } = {}) {
  mkdirSync(PICTURES, { recursive: true });
  const world = await startWorld({ settings });
  const shop = await givenShop(world);
  const skus = {
    'gold-month': await givenSku(shop, 'gold-month', 'Gold, a month', 1250, 1000),
    'gold-year': await givenSku(shop, 'gold-year', 'Gold, a year', 12000, 3),
    'fair-night': await givenSku(shop, 'fair-night', 'Fair, one night', 900, 1000),
    'fair-pass': await givenSku(shop, 'fair-pass', 'Fair, three nights', 2100, 1000),
  };
  await givenAgreement(shop, {
    code: 'terms', title: 'Terms of the club', text: 'It ends by itself.\nNothing is renewed.', sku_ids: [skus['gold-year'], skus['fair-pass']],
    translations: [{ locale: 'zh', title: '会员条款', text: '到期自动结束。\n不会自动续费。' }],
  });
  const settingsFile = `${world.folder}/demo.json`;
  const demo = await startDemo({ settingsFile });
  const gateway = await startGateway(world, 'gateway', ['--origins', demo.url]);
  const settle = () => writeFileSync(settingsFile, JSON.stringify({ address: `127.0.0.1:${world.port}`, key: shop.key, gateway: gateway.url, currency: 'EUR', skus }));
  settle();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium', args: userInfo().uid === 0 ? ['--no-sandbox'] : [],
  });
  return {
    world, shop, skus, demo, gateway, browser, settle,
    advance: (seconds) => client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds } }),
    close: async () => {
      await browser.close();
      await demo.stop();
      await stopWorld(world);
    },
  };
}

/** A person with a browser of its own: a user whom nobody has seen before. */
export async function visit(town, options = {}) {
  const context = await town.browser.newContext({ viewport: { width: 1100, height: 820 }, ...options });
  context.setDefaultTimeout(WAIT_MS);
  const problems = [];
  const open = async (path) => {
    const tab = await context.newPage();
    tab.on('pageerror', (error) => problems.push(String(error)));
    tab.on('console', (message) => {
      // A failed fetch is told there, too; what else is an error is ours.
      if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text())) problems.push(message.text());
    });
    await tab.goto(town.demo.url + path);
    return tab;
  };
  const user = async () => (await context.cookies()).find(({ name }) => name === 'visitor').value;
  const mine = async (list) => { const me = await user(); return (await list).filter((one) => one.user_id === me); };
  return {
    context, open, problems, user,
    orders: async () => mine((await town.shop.orders.ListOrders({ user_id: await user(), page_size: 200 })).orders),
    payments: async () => mine((await town.shop.payments.ListPayments({ page_size: 200 })).payments),
    leave: () => context.close(),
  };
}

/** A screenshot, kept under a name. */
export async function picture(tab, name) {
  await tab.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}
