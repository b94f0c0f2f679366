// What every part has: the desk that it shows, and the language. A part asks for them by an event that bubbles out of
// shadow roots until an element that has a desk hears it; a page may also set `desk` itself.
import type { Money } from '@bmt/pay-core';
import { moneyText } from '@bmt/pay-core';
import { type CSSResultGroup, LitElement } from 'lit';
import type { Desk, View } from './desk.js';
import { style } from './style.js';
import { languageOf, type Texts, textsOf } from './texts.js';

/** The event by which a part asks: whoever has a desk keeps the part supplied. */
export const ASKING = 'bmt-part';

/** Who has a desk keeps these, and tells them when it changes. */
export interface Supplier {
  supply(part: Part): void;
  drop(part: Part): void;
}

export class Part extends LitElement {
  static override styles: CSSResultGroup = style;
  static override properties = { desk: { attribute: false }, locale: { attribute: false } };
  /** The sale that is shown. */
  declare desk: Desk | undefined;
  /** The language of texts and amounts. */
  declare locale: string | undefined;
  /** What is shown now; undefined without a desk. */
  protected view: View | undefined;
  #supplier: Supplier | undefined;
  #end: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.dispatchEvent(new CustomEvent(ASKING, {
      bubbles: true, composed: true,
      detail: (supplier: Supplier) => {
        this.#supplier = supplier;
        supplier.supply(this);
      },
    }));
    this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#supplier?.drop(this);
    this.#supplier = undefined;
    this.#end?.();
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('desk')) this.#follow();
  }

  // What shows nothing takes no place beside the others, and is a live region all the same.
  protected override updated(): void {
    this.toggleAttribute('empty', !this.renderRoot.textContent?.trim());
  }

  #follow(): void {
    this.#end?.();
    this.view = undefined;
    this.#end = this.desk?.subscribe((view) => {
      this.view = view;
      this.requestUpdate();
    });
  }

  protected get language(): string {
    return this.locale || languageOf(this) || navigator.language;
  }

  protected get t(): Texts {
    return textsOf(this.language);
  }

  protected money(money: Money | undefined): string {
    return money?.currency ? moneyText(money, this.language) : '';
  }
}
