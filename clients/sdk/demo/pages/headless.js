// A shop's own page over the headless core: it shows what the snapshot says, and sends wishes.
import { createBasket, createCheckout, moneyText, PayError, redirectAction, webStore } from './sdk/pay-core.min.js';

const form = document.getElementById('sale');
const { gateway, basket: key, sku: skuId, currency } = form.dataset;
const { lang } = document.documentElement;
const element = (id) => document.getElementById(id);
const { buy, pay, cancel, retry } = form.elements;

// The shop's backend knows its visitor by a cookie. Where it cannot answer just now, it is asked again.
async function token() {
  const answer = await fetch('token', { method: 'POST' }).catch(() => ({ ok: false }));
  if (!answer.ok) throw new PayError('unavailable', 'TOKEN_FAILED', 'the shop does not answer');
  return answer.text();
}

const checkout = createCheckout({
  baseUrl: gateway,
  token,
  key,
  store: webStore(localStorage, navigator.locks),
  returnUrl: location.href,
  plugins: [{ name: 'page', actions: { redirect: redirectAction((url) => location.assign(url)) } }],
});
const basket = createBasket({ client: checkout.client, currency, offers: [{ skuId }], quantityMax: 12 });

function show() {
  const { state, order, channels = [], agreements = [], error, offline } = checkout.snapshot;
  const isOpen = checkout.can('BUY') && state !== 'looking';
  const { quote } = basket.choice;
  form.dataset.state = state;
  element('state').textContent = [state, error?.reason, offline && 'offline'].filter(Boolean).join(' · ');
  element('many').hidden = !isOpen;
  element('sum').textContent = isOpen ? (quote ? moneyText(quote.total, lang) : '…') : order ? moneyText(order.total, lang) : '';
  buy.hidden = !isOpen;
  buy.disabled = !quote;
  pay.hidden = state !== 'choosing' || !channels.length;
  cancel.hidden = !checkout.can('CANCEL') || state === 'looking';
  retry.hidden = !checkout.can('RETRY');
  element('ways').hidden = pay.hidden;
  fill(element('ways'), pay.hidden ? [] : channels, ({ channelAccountId, title }, n) => option('radio', channelAccountId, title, n === 0));
  // The form itself keeps who has not ticked them from paying.
  fill(element('agreements'), pay.hidden ? [] : agreements, ({ agreementTemplateId, title, text }) => {
    const details = document.createElement('details');
    details.append(Object.assign(document.createElement('summary'), { textContent: title }), text);
    return [option('checkbox', agreementTemplateId, title, false), details];
  });
}

// The choices of a list, made anew only where the list is another.
function fill(place, list, make) {
  const text = JSON.stringify(list);
  if (place.dataset.shown === text) return;
  place.dataset.shown = text;
  place.replaceChildren(...place.querySelectorAll('legend'), ...list.flatMap(make));
}
function option(type, value, title, isChosen) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { type, value, name: type === 'radio' ? 'way' : 'agreement', required: true, defaultChecked: isChosen });
  label.append(input, title);
  return label;
}
checkout.subscribe(show);
basket.subscribe(show);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const data = new FormData(form);
  switch (event.submitter?.name) {
    case 'buy': {
      const purchase = basket.take();
      if (purchase) checkout.send({ type: 'BUY', purchase });
      break;
    }
    case 'pay':
      checkout.send({ type: 'PAY', channelAccountId: data.get('way'), accepted: data.getAll('agreement') });
      break;
    case 'cancel':
      checkout.send({ type: 'CANCEL' });
      break;
    case 'retry':
      checkout.send({ type: 'RETRY' });
      break;
  }
});
element('quantity').addEventListener('change', ({ target }) => basket.choose({ quantity: Number(target.value) }));
for (const name of ['online', 'pageshow']) {
  addEventListener(name, () => {
    checkout.wake();
    basket.wake();
  });
}
