// A page made by configuration: what is sold, the words, the channels and the colours come from a JSON file, and this code
// is the same for all of them. `activity.html?of=NAME` shows pages/NAME.json.
import { addTexts } from './sdk/pay-elements.min.js';

const main = document.getElementById('activity');
const { lang } = document.documentElement;
const name = new URLSearchParams(location.search).get('of') ?? 'spring';
const made = await (await fetch(`activity/${encodeURIComponent(name)}`)).json();
const say = (texts) => texts?.[lang] ?? texts?.en;

for (const [language, texts] of Object.entries(made.texts ?? {})) addTexts(language, texts);
for (const [property, value] of Object.entries(made.theme ?? {})) main.style.setProperty(property, value);
document.title = say(made.title);

const title = Object.assign(document.createElement('h1'), { textContent: say(made.title) });
const about = Object.assign(document.createElement('p'), { textContent: say(made.about), className: 'lead' });
const panel = Object.assign(document.createElement('bmt-panel'), {
  gateway: main.dataset.gateway, tokenUrl: 'token', basket: `${main.dataset.user}-${name}`, currency: made.currency, quantityMax: made.quantityMax,
  offers: made.offers.map((offer) => ({ skuId: offer.skuId, title: say(offer.title), about: say(offer.about) })),
  qr: made.channels?.qr?.join(' '),
});
for (const [slot, texts] of Object.entries(made.slots ?? {})) {
  panel.append(Object.assign(document.createElement('p'), { slot, className: 'note', textContent: say(texts) }));
}
main.append(title, about, panel);
