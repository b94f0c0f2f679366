// How it is paid: the ways, what has to be accepted, the one button, and the code to scan.
import { correction, generate } from 'lean-qr/nano';
import { css, html, nothing, svg } from 'lit';
import { Part } from './part.js';
import { style } from './style.js';
import { fill } from './texts.js';

/** `<bmt-channels>`: the ways to pay, while one can be chosen. */
export class ChannelsElement extends Part {
  protected override render() {
    const { view, t } = this;
    if (view?.state !== 'choosing' || view.isShopping) return nothing;
    const { channels, channelAccountId } = view;
    if (!channels) return html`<p class="dim">${t.busy}</p>`;
    if (!channels.length) return html`<p class="bad" part="none">${t.noChannels}</p>`;
    return html`<fieldset part="channels"><legend>${t.channels}</legend><div class="list">${channels.map((one) => html`<label class="row" part="channel">
      <input type="radio" name="channel" .checked=${one.channelAccountId === channelAccountId}
        @change=${() => this.desk?.pick(one.channelAccountId as string)}><slot name="icon-${one.code}"></slot>
      <span class="grow"><bdi>${one.title}</bdi></span></label>`)}</div></fieldset>`;
  }
}

/** `<bmt-agreement>`: what has to be accepted before it is paid. */
export class AgreementElement extends Part {
  protected override render() {
    const { view, t } = this;
    if (view?.state !== 'choosing' || view.isShopping) return nothing;
    return html`${view.agreements?.map(({ agreementTemplateId: id = '', title = '', text, locale }) => {
      const isRequired = view.required.includes(id);
      const isMissing = isRequired && view.isReminded && !view.accepted.has(id);
      const words = html`<details><summary>${isRequired ? t.read : title}</summary><p class="dim" part="text" tabindex="0" lang=${locale ?? nothing}>${text}</p></details>`;
      if (!isRequired) return html`<div part="agreement">${words}</div>`;
      return html`<div part="agreement"><label class="row plain"><input type="checkbox" .checked=${view.accepted.has(id)} aria-invalid=${isMissing}
        aria-describedby="missing-${id}" @change=${({ target }: { target: HTMLInputElement }) => this.desk?.accept(id, target.checked)}>
        <span class="grow">${fill(t.agreement, { title })}</span></label>
        <p class="bad" id="missing-${id}" role="alert">${isMissing ? t.remind : nothing}</p>${words}</div>`;
    })}`;
  }

  protected override updated(): void {
    super.updated();
    if (!this.view?.isReminded) this.#isReminded = false;
    else if (!this.#isReminded) {
      this.#isReminded = true;
      this.renderRoot.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    }
  }
  #isReminded = false;
}

/** `<bmt-pay-button>`: buys, then pays. It keeps the focus while it works. */
export class PayButtonElement extends Part {
  protected override render() {
    const { view, t, desk } = this;
    const { state, isShopping = false, choice, order, channels } = view ?? {};
    const isBusy = !view || state === 'creating' || state === 'paying' || state === 'cancelling' || state === 'looking';
    if (!isBusy && !isShopping && state !== 'choosing') return nothing;
    const isReady = !isBusy && (isShopping ? choice?.quote : channels?.length);
    const text = isBusy ? t.busy : isShopping ? t.buy : fill(t.pay, { amount: this.money(order?.total) });
    return html`<button type="button" class="main" part="button" aria-disabled=${!isReady} @click=${(event: MouseEvent) => {
      // The second half of a double click is not meant for what stands there by now.
      if (isReady && event.detail < 2) desk?.proceed();
    }}>${text}</button>${state === 'choosing' && !isShopping ? html`<button type="button" class="link wide" part="cancel" @click=${(event: MouseEvent) => event.detail < 2 && desk?.wish('CANCEL')}>${t.cancel}</button>` : nothing}`;
  }
}

// What a scanner needs around the code.
const QUIET = 4;

/** The code's dark modules as one path, and how many modules a side has. */
export function codePath(text: string): [path: string, size: number] {
  const code = generate(text, { minCorrectionLevel: correction.M });
  let path = '';
  for (let y = 0; y < code.size; y += 1) for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  return [path, code.size + 2 * QUIET];
}

/** `<bmt-qr>`: a dialog with the code to scan, while there is one. */
export class QrElement extends Part {
  static override styles = [style, css`:host { position: absolute; }`];

  protected override render() {
    const { view, t } = this;
    const { scan, order } = view ?? {};
    const [path, size] = scan ? codePath(scan.url) : [];
    // The dialog stays: closed by its own means, it gives the focus back.
    return html`<dialog part="dialog" aria-labelledby="h" @close=${() => this.view?.scan?.done('dismissed')}>${scan ? html`<h2 id="h">${fill(t.scan, { amount: this.money(order?.total) })}</h2>
      <p class="dim">${t.scanAbout}</p>
      <svg part="code" role="img" aria-label=${t.scanImage} viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">${svg`<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d=${path}/>`}</svg>
      <a href=${scan.url} part="open">${t.open}</a>
      <button type="button" class="main" @click=${() => scan.done()}>${t.scanned}</button><button type="button" class="link" @click=${() => scan.done('dismissed')}>${t.close}</button>` : nothing}</dialog>`;
  }

  protected override updated(): void {
    super.updated();
    const dialog = this.renderRoot.querySelector('dialog');
    const isWanted = Boolean(this.view?.scan);
    if (!dialog || dialog.open === isWanted) return;
    if (isWanted) dialog.showModal();
    else dialog.close();
  }
}
