// @bmt/pay-core: what a page needs to sell through a bmt gateway, without a DOM. docs/sdk.md explains.
export { redirectAction } from './actions.js';
export { type Basket, type BasketOptions, type Choice, createBasket, type Offer, type PricedOffer } from './basket.js';
export { type Checkout, type CheckoutOptions, createCheckout, type Plugin, type Snapshot, type Wish } from './checkout.js';
export { type Client, type ClientOptions, createClient } from './client.js';
export type * from './contract.js';
export { type Code, type OwnReason, PayError } from './errors.js';
export { ENDS, type EventName, type HostEvent, machine, type State, type Verdict } from './machine.js';
export { moneyText } from './money.js';
export { memoryStore, type Saved, type Store, webStore } from './store.js';
export { verdict } from './verdict.js';
export { type Clock, systemClock } from './wait.js';
export type { ActionContext, ChannelAction, Facts, Hooks, Purchase } from './work.js';
