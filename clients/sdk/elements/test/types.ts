// What a page's engineer writes must compile, and what is wrong must not (tsc -p elements/test; never run).
import { addTexts, createDesk, type PanelElement } from '../src/index.js';

const desk = createDesk({ baseUrl: 'https://pay.example', token: 'token', key: 'basket', currency: 'EUR', offers: [{ skuId: 'sku_1', about: 'A month' }], qr: ['sandbox'] });
export const panel: PanelElement = Object.assign(document.createElement('bmt-panel') as PanelElement, { desk });
panel.offers = [{ skuId: 'sku_1' }];
addTexts('fr', { buy: 'Continuer', paid: ['Payé', 'Merci'] });
desk.wish('CANCEL');

// @ts-expect-error there is no such text
addTexts('fr', { nothing: '' });
// @ts-expect-error buying is the one button's
desk.wish('BUY');
// @ts-expect-error a price is never the page's
createDesk({ baseUrl: '', token: '', key: '', currency: 'EUR', offers: [{ skuId: 'sku_1', unitPrice: { amountMinor: '1' } }] });
