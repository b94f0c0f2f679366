// @bmt/pay-elements: a checkout in a page. Importing this defines nothing; `@bmt/pay-elements/define.js` does. docs/sdk.md explains.
export { CheckoutElement, PanelElement } from './checkout.js';
export { createDesk, type Desk, type DeskOptions, type Scan, type View } from './desk.js';
export { ASKING, Part, type Supplier } from './part.js';
export { AgreementElement, ChannelsElement, codePath, PayButtonElement, QrElement } from './paying.js';
export { ProductElement, QuantityElement, TotalElement } from './product.js';
export { ResultElement } from './result.js';
export { addTexts, type Texts, textsOf } from './texts.js';
