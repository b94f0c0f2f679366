// The purchase as a state machine, in the form of XState's `createMachine`: data alone. The core runs it by itself
// (interpret.ts), since XState would weigh more than all the rest; the tests run it by XState, too, and compare.
//
//   looking -> idle -> creating -> choosing -> paying -> acting -> waiting -> paid -> fulfilled
//
// What the server says (verdict.ts) leads from any state that watches to the state that is true: a payment may be made in
// another tab, an order may expire while its payer chooses.

const to = <T extends State>(target: T) => ({ target, actions: 'note' }) as const;
const note = { actions: 'note' } as const;

/** States, in the order in which a purchase passes them. */
export type State =
  | 'looking' | 'idle' | 'creating' | 'choosing' | 'paying' | 'acting' | 'waiting' | 'unsure' | 'cancelling' | 'paid'
  | 'fulfilled' | 'settling' | 'closed' | 'returning' | 'returned' | 'refused' | 'interrupted';

/** What a page may send. */
export type HostEvent = 'BUY' | 'PAY' | 'CANCEL' | 'ACT' | 'ACTED' | 'DISMISSED' | 'RETRY';
/** What the order and its payment are found to be. */
export type Verdict =
  | 'OPEN' | 'ACTION' | 'PENDING' | 'UNSURE' | 'PAID' | 'FULFILLED' | 'SETTLING' | 'CLOSED' | 'RETURNING' | 'RETURNED';
/** What the work of a state tells besides. */
export type OwnEvent = 'NOTHING' | 'CHANNELS' | 'REFUSED' | 'OFFLINE' | 'LOST';
export type EventName = HostEvent | Verdict | OwnEvent;

/** The work that a state does while it lasts (work.ts). */
export type Job = 'look' | 'create' | 'offer' | 'pay' | 'act' | 'mark' | 'cancel' | 'watch' | 'finish';

export interface Transition {
  readonly target?: State;
  readonly actions: 'note';
}
export interface StateNode {
  readonly on: { readonly [E in EventName]?: Transition };
  readonly invoke?: readonly { readonly src: Job }[];
}

const work = (...jobs: Job[]) => jobs.map((src) => ({ src }));

// Wherever the server is asked, its answer decides. A server that is not reached changes nothing; LOST ends the work.
const said = {
  OPEN: to('choosing'), ACTION: to('acting'), PENDING: to('waiting'), UNSURE: to('unsure'), PAID: to('paid'), FULFILLED: to('fulfilled'),
  SETTLING: to('settling'), CLOSED: to('closed'), RETURNING: to('returning'), RETURNED: to('returned'),
  OFFLINE: note, LOST: to('interrupted'),
};
const again = { BUY: to('creating') };
const cancel = { CANCEL: to('cancelling') };

export const machine = {
  id: 'purchase',
  initial: 'looking',
  states: {
    looking: { invoke: work('look'), on: { ...said, NOTHING: to('idle'), BUY: to('creating'), PAY: to('paying'), ...cancel, REFUSED: to('refused') } },
    idle: { on: again },
    creating: { invoke: work('create'), on: { ...said, REFUSED: to('refused') } },
    choosing: { invoke: work('watch', 'offer'), on: { ...said, CHANNELS: note, PAY: to('paying'), ...cancel } },
    paying: { invoke: work('pay'), on: { ...said, REFUSED: to('looking') } },
    acting: { invoke: work('watch', 'act'), on: { ...said, PENDING: note, ACTED: to('waiting'), DISMISSED: to('waiting'), ...cancel } },
    waiting: { invoke: work('mark', 'watch'), on: { ...said, ACTION: note, ACT: to('acting'), ...cancel } },
    unsure: { invoke: work('watch'), on: said },
    cancelling: { invoke: work('cancel'), on: { ...said, REFUSED: to('looking') } },
    paid: { invoke: work('watch'), on: said },
    fulfilled: { invoke: work('finish'), on: again },
    settling: { invoke: work('watch'), on: said },
    closed: { invoke: work('finish'), on: again },
    returning: { invoke: work('watch'), on: said },
    returned: { invoke: work('finish'), on: again },
    refused: { on: again },
    interrupted: { on: { RETRY: to('looking') } },
  } as { readonly [S in State]: StateNode },
} as const;

/** States in which a purchase has ended; no other ends the asking. */
export const ENDS: readonly State[] = ['fulfilled', 'closed', 'returned', 'refused'];
