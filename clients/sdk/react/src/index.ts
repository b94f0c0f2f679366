// @bmt/pay-react: a purchase as a hook, and the elements as components. docs/sdk.md explains.
import { type Checkout, type CheckoutOptions, createCheckout, type PayError, type Snapshot } from '@bmt/pay-core';
import {
  AgreementElement, ChannelsElement, CheckoutElement, createDesk, type Desk, type DeskOptions, PanelElement, PayButtonElement, ProductElement,
  QrElement, QuantityElement, ResultElement, TotalElement, type View,
} from '@bmt/pay-elements';
import { createComponent, type EventName } from '@lit/react';
import React, { useEffect, useRef, useState, useSyncExternalStore } from 'react';

/** Something that runs, tells what is so, and can be stopped. */
interface Told<S> {
  subscribe(listener: (seen: S) => void): () => void;
  stop(): void;
}

// Starts in an effect, so that a server renders without one, and what is started is stopped: when the key is another one,
// and when the component goes. The options of the first rendering with a key hold.
function useStarted<O extends { key: string }, T extends Told<S>, S>(start: (options: O) => T, options: O): [S | undefined, T | undefined] {
  const first = useRef(options);
  const [running, setRunning] = useState<T>();
  const seen = useRef<S>(undefined);
  if (first.current.key !== options.key) first.current = options;
  const { key } = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says which purchase it is
  useEffect(() => {
    const made = start(first.current);
    setRunning(made);
    return () => {
      seen.current = undefined;
      setRunning(undefined);
      made.stop();
    };
  }, [key]);
  // One object for one state of affairs: React renders when it is another one.
  const follow = useRef<[T | undefined, (changed: () => void) => () => void]>(undefined);
  if (!follow.current || follow.current[0] !== running) {
    follow.current = [running, (changed) => running?.subscribe((now) => {
      seen.current = now;
      changed();
    }) ?? (() => {})];
  }
  const snapshot = useSyncExternalStore(follow.current[1], () => seen.current, () => undefined);
  return [snapshot, running];
}

/** A purchase: what is so, undefined until it has started, and what takes the wishes. Another `key` is another purchase. */
export function useCheckout(options: CheckoutOptions): [snapshot: Snapshot | undefined, checkout: Checkout | undefined] {
  return useStarted<CheckoutOptions, Checkout, Snapshot>(createCheckout, options);
}

/** A sale with its basket, for the components below (`<BmtProduct desk={desk} />`) or for markup of one's own. */
export function useDesk(options: DeskOptions): [view: View | undefined, desk: Desk | undefined] {
  return useStarted<DeskOptions, Desk, View>(createDesk, options);
}

const events = { onChange: 'bmt-change' as EventName<CustomEvent<View>>, onError: 'bmt-error' as EventName<CustomEvent<PayError>> };
const part = <E extends HTMLElement>(tagName: string, elementClass: new () => E) => createComponent({ react: React, tagName, elementClass });

// The elements are defined by `import '@bmt/pay-elements/define.js'`, which an app does once.
export const BmtPanel = createComponent({ react: React, tagName: 'bmt-panel', elementClass: PanelElement, events });
export const BmtCheckout = createComponent({ react: React, tagName: 'bmt-checkout', elementClass: CheckoutElement, events });
export const BmtProduct = part('bmt-product', ProductElement);
export const BmtQuantity = part('bmt-quantity', QuantityElement);
export const BmtTotal = part('bmt-total', TotalElement);
export const BmtChannels = part('bmt-channels', ChannelsElement);
export const BmtAgreement = part('bmt-agreement', AgreementElement);
export const BmtPayButton = part('bmt-pay-button', PayButtonElement);
export const BmtQr = part('bmt-qr', QrElement);
export const BmtResult = part('bmt-result', ResultElement);
