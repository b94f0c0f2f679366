// What is sold, how many, and what it costs.
import { html, nothing } from 'lit';
import { fill } from './texts.js';
import { Part } from './part.js';

/** `<bmt-product>`: the offers, or the lines of the order. Slot: `about`, more about what is sold. */
export class ProductElement extends Part {
  protected override render() {
    const { view, t } = this;
    if (!view) return nothing;
    const { choice: { offers, skuId }, order, isShopping } = view;
    if (!isShopping) {
      return html`${order?.lines?.map((line) => html`<div class="row" part="line">
        <span class="grow"><bdi>${line.title}</bdi>${line.quantity === '1' ? nothing : html` <span class="dim num">× ${line.quantity}</span>`}</span>
        <span class="num">${this.money(line.amount)}</span></div>`)}`;
    }
    const price = (offer: (typeof offers)[0]) => (offer.error ? html`<span class="dim">${t.notOnSale}</span>` : html`<span class="num" part="price">${this.money(offer.unitPrice) || '…'}</span>`);
    const words = (offer: (typeof offers)[0]) => html`<span class="grow"><span class="name" part="title"><bdi>${offer.title ?? '…'}</bdi></span>${offer.about ? html`<br><span class="dim" part="about">${offer.about}</span>` : nothing}</span>`;
    const [first] = offers;
    if (!first) return nothing;
    if (offers.length === 1) return html`<div class="row" part="offer">${words(first)}${price(first)}</div><slot name="about"></slot>`;
    return html`<fieldset part="offers"><legend>${t.offers}</legend><div class="list">${offers.map((offer) => html`<label class="row" part="offer">
      <input type="radio" name="offer" .checked=${offer.skuId === skuId} ?disabled=${Boolean(offer.error)}
        @change=${() => this.desk?.basket.choose({ skuId: offer.skuId })}>${words(offer)}${price(offer)}</label>`)}</div></fieldset><slot name="about"></slot>`;
  }
}

/** `<bmt-quantity>`: how many, while that can be chosen. */
export class QuantityElement extends Part {
  protected override render() {
    const { view, t, desk } = this;
    if (!view?.isShopping || desk?.basket.quantityMax === 1) return nothing;
    const { quantity } = view.choice;
    const max = desk?.basket.quantityMax;
    const set = (wanted: number) => desk?.basket.choose({ quantity: wanted });
    const step = (by: number, sign: string, label: string) => html`<button type="button" part="step" aria-label=${label}
      aria-disabled=${quantity + by < 1 || quantity + by > (max as number)} @click=${() => set(quantity + by)}>${sign}</button>`;
    return html`<div class="row"><label class="grow" for="n">${t.quantity}</label>${step(-1, '−', t.less)}
      <input id="n" part="number" type="number" inputmode="numeric" min="1" max=${max} .value=${String(quantity)} @change=${({ target }: { target: HTMLInputElement }) => {
        set(Number(target.value));
        target.value = String(desk?.basket.choice.quantity);
      }}>${step(1, '+', t.more)}</div>`;
  }
}

/** `<bmt-total>`: the sum, and until when it can be paid. */
export class TotalElement extends Part {
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override render() {
    const { view, t } = this;
    if (!view) return nothing;
    const { isShopping, choice: { quote }, order } = view;
    const left = isShopping ? undefined : this.desk?.checkout.leftMs();
    clearTimeout(this.#timer);
    if (left) this.#timer = setTimeout(() => this.requestUpdate(), left % 1000 || 1000);
    const seconds = Math.ceil((left ?? 0) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    return html`<div class="row"><span class="grow">${t.total}</span><strong class="num" part="total">${this.money(isShopping ? quote?.total : order?.total) || '…'}</strong></div>
      ${left ? html`<p class="dim num" part="left">${fill(t.left, { time })}</p>` : nothing}`;
  }
}
