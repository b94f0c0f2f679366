// Where the purchase stands, in words, and what can be done about it.
import type { PayError } from '@bmt/pay-core';
import { html, nothing, svg } from 'lit';
import type { View } from './desk.js';
import { Part } from './part.js';
import { fill, type Texts } from './texts.js';

const BUSY = ['looking', 'paying', 'cancelling', 'waiting', 'unsure', 'paid', 'settling', 'returning'];
const GOOD = ['paid', 'fulfilled'];

// A ring that turns, a tick, or an i.
const mark = (state: string) => {
  const isBusy = BUSY.includes(state);
  const isGood = GOOD.includes(state);
  return html`<svg part="mark" class=${isBusy && !isGood ? 'spin' : ''} viewBox="0 0 24 24" width="28" aria-hidden="true" fill="none" stroke-width="2" stroke-linecap="round"
    stroke=${`var(--${isGood ? 'good' : isBusy ? 'a' : 'dim'})`}>${isGood ? svg`<circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-7"/>`
      : isBusy ? svg`<circle cx="12" cy="12" r="10" opacity=".25"/><path d="M12 2a10 10 0 0 1 10 10"/>` : svg`<circle cx="12" cy="12" r="10"/><path d="M12 11v6m0-10v.01"/>`}</svg>`;
};

/** The words for what is so: a title, and a sentence. */
export function words(view: View, t: Texts): readonly string[] {
  const { state, order, payment, isDismissed } = view;
  const of = (name: string) => t[name as keyof Texts] as readonly string[] | undefined;
  if (state === 'closed') return of(order?.closeReason?.replace('CLOSE_REASON_', '') ?? '') ?? (of('CLOSED') as string[]);
  if (state === 'choosing' && payment?.state === 'PAYMENT_STATE_FAILED') return t.failed;
  return (state === 'waiting' && isDismissed ? t.dismissed : of(state)) ?? [];
}

/** What went wrong, for people. */
export const reason = (error: PayError, t: Texts): string => {
  const text = t[error.reason as keyof Texts];
  return typeof text === 'string' ? text : t.error;
};

/** `<bmt-result>`: a live region. Slots by state (`fulfilled`, `closed`, ...): what the page has to say then. */
export class ResultElement extends Part {
  protected override render() {
    const { view, t } = this;
    return html`<div role="status" part="status">${view ? this.#status(view, t) : nothing}</div>${view ? this.#actions(view, t) : nothing}`;
  }

  #status(view: View, t: Texts) {
    const { state, error, offline, isShopping, choice } = view;
    const problem = error ?? (isShopping ? choice.error : undefined);
    const [title, text] = isShopping && state !== 'refused' ? [] : words(view, t);
    return html`${title ? html`<div class="row head" part="head ${state}">${mark(state)}<div class="grow"><h2 part="heading" tabindex="-1">${title}</h2>
      ${text ? html`<p class="dim" part="text">${text}</p>` : nothing}</div></div>` : nothing}
      ${problem ? html`<p class="bad" part="error">${reason(problem, t)}${problem.correlationId ? html` <small class="dim">${fill(t.reference, { id: problem.correlationId })}</small>` : nothing}</p>` : nothing}
      ${offline && !problem ? html`<p class="dim" part="offline">${t.offline}</p>` : nothing}`;
  }

  #actions({ state, isShopping, payment }: View, t: Texts) {
    const { desk } = this;
    const button = (name: string, text: string, work: () => void) => html`<button type="button" part="action ${name}" @click=${work}>${text}</button>`;
    const can = (type: 'ACT' | 'RETRY' | 'BUY') => desk?.checkout.can(type);
    const url = payment?.action?.redirectUrl;
    if (isShopping) return nothing;
    return html`<slot name=${state}></slot><div class="row acts">
      ${state === 'acting' && url ? html`<a href=${url} part="open">${t.open}</a>` : nothing}
      ${can('ACT') && url ? button('show', t.show, () => desk?.wish('ACT')) : nothing}
      ${can('RETRY') ? button('retry', t.retry, () => desk?.wish('RETRY')) : nothing}
      ${can('BUY') && state !== 'looking' ? button('again', t.again, () => desk?.again()) : nothing}</div>
      ${state !== 'looking' && state !== 'choosing' && desk?.checkout.can('CANCEL') ? html`<button type="button" class="link" part="cancel" @click=${() => desk?.wish('CANCEL')}>${t.cancel}</button>` : nothing}`;
  }
}
