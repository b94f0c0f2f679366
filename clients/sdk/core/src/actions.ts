// Actions that need no DOM.
import type { ChannelAction } from './work.js';

/** Sends the payer to the channel's page: `redirectAction((url) => location.assign(url))`. */
export const redirectAction = (go: (url: string) => void): ChannelAction => async ({ payment, leaving }) => {
  await leaving();
  go(payment.action?.redirectUrl as string);
};
