// What can go wrong, in one shape: a code of the Connect protocol, a reason for programs, whether the same request may be
// sent again, and what to look for in the server's log.

/** Codes of the Connect protocol. */
export type Code =
  | 'canceled' | 'unknown' | 'invalid_argument' | 'deadline_exceeded' | 'not_found' | 'already_exists' | 'permission_denied'
  | 'resource_exhausted' | 'failed_precondition' | 'aborted' | 'out_of_range' | 'unimplemented' | 'internal' | 'unavailable'
  | 'data_loss' | 'unauthenticated';

/**
 * The SDK's own reasons; those of the server are in docs/errors.md, those of the gateway in docs/gateway.md.
 * UNREACHABLE: no answer came. TIMED_OUT: none came in time. ABORTED: the caller's signal. RESPONSE_MALFORMED: what came is
 * no answer of a gateway. STORE_FAILED: the storage could not be read or written; nothing was sent. TOKEN_FAILED: the
 * page's `token` function failed. NOT_WANTED: a plugin's `paying` hook kept the payment from being begun. SDK_FAULT: a
 * mistake in the SDK or in a plugin.
 */
export type OwnReason =
  | 'UNREACHABLE' | 'TIMED_OUT' | 'ABORTED' | 'RESPONSE_MALFORMED' | 'STORE_FAILED' | 'TOKEN_FAILED' | 'NOT_WANTED' | 'SDK_FAULT';

/** What a server says of an error; all of it may be missing. */
interface Told {
  code?: Code;
  message?: string;
  details?: { debug?: { reason?: string; metadata?: Record<string, string> } }[];
}

/** An error of a call. Where it is `retryable`, whether the request did its work is not known: send the same again. */
export class PayError extends Error {
  override readonly name = 'PayError';
  /** What a program must know of the reason, such as `sku` or `available`. */
  readonly metadata: Record<string, string> = {};
  /** Milliseconds that the server asks to wait; 0 for none. */
  readonly retryAfterMs: number = 0;
  constructor(
    /** Kind of error. */
    readonly code: Code,
    /** Reason for programs: one of the server's, or an OwnReason; empty when a proxy answered. */
    readonly reason: string,
    message: string,
    /** The request_id, or else the id that was asked for: what names the call in the server's log. */
    readonly correlationId = '',
  ) {
    super(message);
  }

  /** The same request may be sent again; until it is answered, nobody knows whether it was carried out. */
  get retryable(): boolean {
    return RETRYABLE.includes(this.code);
  }

  /** The server has looked at the request and does not carry it out: neither this time nor when it was sent before. */
  get isRefusal(): boolean {
    return REFUSALS.includes(this.code) && this.reason !== '' && !HERE.includes(this.reason);
  }
}

const RETRYABLE: Code[] = ['unknown', 'deadline_exceeded', 'resource_exhausted', 'aborted', 'internal', 'unavailable', 'data_loss'];
// Without permission_denied and unimplemented: who is kept at the door does not learn what the same request did before.
const REFUSALS: Code[] = ['invalid_argument', 'not_found', 'already_exists', 'failed_precondition', 'out_of_range'];
const HERE = ['STORE_FAILED', 'SDK_FAULT'];

// How the protocol has a client read a reply that no Connect server has written.
const BY_STATUS: Record<number, Code> = {
  400: 'internal', 401: 'unauthenticated', 403: 'permission_denied', 404: 'unimplemented', 429: 'unavailable', 502: 'unavailable',
  503: 'unavailable', 504: 'unavailable',
};

/** The error of an answer: its body when a gateway wrote it, else its status. `retryAfter` is the header, in seconds. */
export function errorOf(told: Told | undefined, status: number, correlationId: string, retryAfter?: string | null): PayError {
  const code = told?.code ?? BY_STATUS[status] ?? 'unknown';
  const { reason = '', metadata = {} } = told?.details?.[0]?.debug ?? {};
  return Object.assign(new PayError(code, reason, told?.message ?? `HTTP ${status}`, correlationId), {
    metadata, retryAfterMs: Number(retryAfter) * 1000 || 0,
  });
}

/** Whatever was thrown, as a PayError. */
export const asPayError = (thrown: unknown, code: Code, reason: OwnReason, correlationId = ''): PayError =>
  thrown instanceof PayError ? thrown : new PayError(code, reason, String((thrown as Error)?.message ?? thrown), correlationId);
