// Defines the elements, once. Who supplies comes first: parts ask as soon as they are defined.
import { CheckoutElement, PanelElement } from './checkout.js';
import { AgreementElement, ChannelsElement, PayButtonElement, QrElement } from './paying.js';
import { ProductElement, QuantityElement, TotalElement } from './product.js';
import { ResultElement } from './result.js';

export const ELEMENTS = {
  'bmt-checkout': CheckoutElement, 'bmt-panel': PanelElement, 'bmt-product': ProductElement, 'bmt-quantity': QuantityElement,
  'bmt-total': TotalElement, 'bmt-channels': ChannelsElement, 'bmt-agreement': AgreementElement, 'bmt-pay-button': PayButtonElement,
  'bmt-qr': QrElement, 'bmt-result': ResultElement,
};

// A server that renders pages has no elements to define.
if (globalThis.customElements) {
  for (const [name, element] of Object.entries(ELEMENTS)) if (!customElements.get(name)) customElements.define(name, element);
}
