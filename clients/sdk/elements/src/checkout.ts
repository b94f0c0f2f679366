// Elements that have a desk and supply the parts inside them: one without looks for parts of the page's own choosing, and
// the panel that is ready to use.
import { type Offer, PayError, type Store, webStore } from '@bmt/pay-core';
import { css, type CSSResultGroup, html, LitElement, nothing, type PropertyValues } from 'lit';
import { createDesk, type Desk, type DeskOptions, type View } from './desk.js';
import { ASKING, type Part, type Supplier } from './part.js';
import { style } from './style.js';
import { languageOf } from './texts.js';

const words = (text: string | undefined) => text?.split(/\s+/).filter(Boolean) ?? [];

// Asks the page's own backend, which knows its user by a cookie. One that is not reached, or is in trouble, is asked again.
const tokenFrom = (url: string) => async () => {
  let status = 0;
  try {
    const answer = await fetch(url, { method: 'POST' });
    if (answer.ok) return answer.text();
    ({ status } = answer);
  } catch {}
  throw new PayError(status > 0 && status < 500 ? 'unauthenticated' : 'unavailable', 'TOKEN_FAILED', `${url}: ${status || 'no answer'}`);
};

// A browser that keeps nothing for the page sells all the same; only a reload forgets.
function keeping(): Store | undefined {
  try {
    return webStore(localStorage, navigator.locks);
  } catch {
    return undefined;
  }
}

/**
 * `<bmt-checkout>`: supplies the parts inside it with one desk, made from its attributes, or given as `desk`.
 * Events: `bmt-change` (detail: View) after every change, `bmt-error` (detail: PayError) when a try has failed.
 */
export class CheckoutElement extends LitElement implements Supplier {
  static override styles: CSSResultGroup = css`:host { display: contents; }`;
  static override properties = {
    gateway: {}, tokenUrl: { attribute: 'token-url' }, basket: {}, currency: {}, skus: {}, qr: {}, locale: { attribute: 'lang' },
    returnUrl: { attribute: 'return-url' }, quantityMax: { attribute: 'quantity-max', type: Number },
    offers: { attribute: false }, options: { attribute: false }, desk: { attribute: false },
  };
  /** Address of the gateway. */
  declare gateway: string | undefined;
  /** Where the page's backend gives its user's token, asked by POST. */
  declare tokenUrl: string | undefined;
  /** Names one user's one basket. */
  declare basket: string | undefined;
  declare currency: string | undefined;
  /** What is sold, SKU by SKU. */
  declare skus: string | undefined;
  /** The same with the page's own words; before `skus`. */
  declare offers: readonly Offer[] | undefined;
  /** Channels that are shown as a QR code. */
  declare qr: string | undefined;
  /** Where the channel sends the payer back (this page). */
  declare returnUrl: string | undefined;
  declare quantityMax: number | undefined;
  /** The language (`lang`); else that of what is around. */
  declare locale: string | undefined;
  /** Whatever else `createDesk` takes. */
  declare options: Partial<DeskOptions> | undefined;
  /** The sale: made from all of this, unless the page sets it. */
  declare desk: Desk | undefined;
  #parts = new Set<Part>();
  #own: Desk | undefined;
  #end: (() => void) | undefined;
  #wake = () => {
    if (!document.hidden) this.desk?.wake();
  };

  constructor() {
    super();
    this.addEventListener(ASKING, (event) => {
      event.stopPropagation();
      (event as CustomEvent).detail(this);
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const name of ['online', 'pageshow']) addEventListener(name, this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    if (this.hasUpdated) this.requestUpdate('options');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const name of ['online', 'pageshow']) removeEventListener(name, this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#close();
  }

  supply(part: Part): void {
    this.#parts.add(part);
    part.desk = this.desk;
    part.locale = languageOf(this);
  }

  drop(part: Part): void {
    this.#parts.delete(part);
  }

  #close(): void {
    this.#end?.();
    this.#own?.stop();
    if (this.desk === this.#own) this.desk = undefined;
    this.#own = this.#end = undefined;
  }

  // A desk that is under way is kept; what it is made of may come one by one.
  protected override willUpdate(changed: PropertyValues): void {
    const offers = this.offers ?? this.options?.offers ?? words(this.skus).map((skuId) => ({ skuId }));
    const { gateway: baseUrl = this.options?.baseUrl, tokenUrl, currency = this.options?.currency, basket: key = this.options?.key } = this;
    const token = this.options?.token ?? (tokenUrl && tokenFrom(tokenUrl));
    if (!this.desk && this.isConnected && baseUrl && token && key && currency && offers.length) {
      this.#own = this.desk = createDesk({
        store: keeping(), platform: /Mobi/.test(navigator.userAgent) ? 'CASHIER_PLATFORM_MOBILE_WEB' : 'CASHIER_PLATFORM_WEB',
        returnUrl: this.returnUrl ?? location.href, locale: languageOf(this), quantityMax: this.quantityMax, qr: words(this.qr),
        ...this.options, baseUrl, token, key, currency, offers,
        plugins: [...(this.options?.plugins ?? []), { name: 'events', hooks: { failed: (error: PayError) => this.#say('bmt-error', error) } }],
      });
    }
    for (const part of this.#parts) this.supply(part);
    if (!changed.has('desk')) return;
    this.#end?.();
    this.#end = this.desk?.subscribe((view) => {
      this.shown(view);
      this.#say('bmt-change', view);
    });
  }

  protected shown(_view: View): void {}

  #say(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  protected override render(): unknown {
    return html`<slot></slot>`;
  }
}

/**
 * `<bmt-panel>`: the whole checkout. Slots: `header`, `about`, `before-pay`, `footer`, and one by the name of each state.
 */
export class PanelElement extends CheckoutElement {
  static override styles: CSSResultGroup = [style, css`
    :host { max-inline-size: var(--bmt-width, 28rem); }
    section {
      display: grid; gap: var(--gap); padding: calc(var(--gap) * 1.5); background: var(--bg); border: 1px solid var(--hair);
      border-radius: calc(var(--r) * 1.6); box-shadow: var(--bmt-shadow, 0 1px 2px #0000000d, 0 8px 24px #0000000f);
    }
    hr { inline-size: 100%; margin: 0; border: 0; border-block-start: 1px solid var(--hair); }
    @media (max-width: 24rem) { section { padding: var(--gap); } }
  `];
  #view: View | undefined;
  #hadFocus = false;

  protected override shown(view: View): void {
    this.#view = view;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.#hadFocus = this.matches(':focus-within');
  }

  // A button that has the focus may go with its state: the focus then stays in the panel, on what is said now.
  protected override async updated(): Promise<void> {
    if (!this.#hadFocus) return;
    for (const part of this.#inside()) await part.updateComplete;
    if (!this.matches(':focus-within')) this.renderRoot.querySelector('section')?.focus();
  }

  #inside = () => this.renderRoot.querySelectorAll<LitElement>('bmt-product, bmt-pay-button, bmt-result');

  protected override render(): unknown {
    const { isShopping, order, state } = this.#view ?? {};
    const names = 'line,offer,offers,title,price,about,step,number,total,left,channels,channel,none,agreement,text,button,dialog,code,open,status,head,heading,mark,error,offline,action,cancel';
    const isOpen = isShopping || state === 'choosing';
    return html`<section part="panel" tabindex="-1" aria-busy=${!state}><slot name="header"></slot>
      <bmt-result exportparts=${names}>${state ? html`<slot name=${state} slot=${state}></slot>` : nothing}</bmt-result>
      <bmt-product exportparts=${names}><slot name="about" slot="about"></slot></bmt-product><bmt-quantity exportparts=${names}></bmt-quantity>
      ${isShopping || order ? html`<hr><bmt-total exportparts=${names}></bmt-total>` : nothing}
      <bmt-channels exportparts=${names}></bmt-channels><bmt-agreement exportparts=${names}></bmt-agreement>${isOpen ? html`<slot name="before-pay"></slot>` : nothing}
      <bmt-pay-button exportparts=${names}></bmt-pay-button><bmt-qr exportparts=${names}></bmt-qr><slot name="footer"></slot></section>`;
  }
}
