// Calls a gateway over the Connect protocol in JSON. One call is one request, but for one thing: where the token is no
// longer good, the page is asked for another and the call is made again. Who repeats and when is decided above.
import type { Methods, Streams } from './contract.js';
import { asPayError, errorOf, PayError } from './errors.js';
import { type Clock, systemClock } from './wait.js';

export interface ClientOptions {
  /** Where the gateway is, without a slash at the end. */
  baseUrl: string;
  /**
   * The client token, or a function that gives it: asked at first, and again, being told so, when it was refused. A PayError
   * of its own is taken as it is: one of code `unavailable` has it asked again by itself.
   */
  token: string | ((isRefused: boolean) => string | Promise<string>);
  /** How long one request may take, in milliseconds (10 s). Streams have no limit. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  clock?: Clock;
}

export interface Client {
  /** Makes a call; what goes wrong is a PayError. */
  call<M extends keyof Methods>(method: M, request: Methods[M]['request'], signal?: AbortSignal): Promise<Methods[M]['response']>;
  /** Follows a stream until it ends, `signal` is aborted, or it breaks: then a PayError is thrown. */
  stream<M extends keyof Streams>(method: M, request: Streams[M]['request'], signal?: AbortSignal): AsyncGenerator<Streams[M]['response']>;
}

const END = 2;

/** A new request_id: the UUID where the browser has it (pages over https do); else as long, by chance. */
export const drawId = (): string =>
  globalThis.crypto?.randomUUID?.() ?? [0, 0, 0, 0].map(() => Math.random().toString(36).slice(2, 10)).join('-');

export function createClient({ baseUrl, token, timeoutMs = 10000, fetch: send = (...all) => fetch(...all), clock = systemClock }: ClientOptions): Client {
  // Ends the request when the caller does or time is over; `done` must be called when all was read.
  function limits(signal: AbortSignal | undefined, ms: number) {
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = ms && clock.set(stop, ms);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    return {
      signal: abort.signal,
      done: () => {
        if (ms) clock.clear(timer);
        signal?.removeEventListener('abort', stop);
      },
      failed: (error: unknown, id: string) => {
        if (signal?.aborted) return new PayError('canceled', 'ABORTED', 'the caller ended the call', id);
        if (abort.signal.aborted) return new PayError('deadline_exceeded', 'TIMED_OUT', `no answer came in ${ms} ms`, id);
        return asPayError(error, 'unavailable', 'UNREACHABLE', id);
      },
    };
  }

  // The token is kept until it is refused; calls that are made at once ask for one together. What was refused may have been
  // replaced meanwhile.
  let held: string | undefined;
  let asking: Promise<string> | undefined;
  async function credential(refused: string | undefined, id: string): Promise<string> {
    if (typeof token === 'string') return token;
    if (held !== undefined && held !== refused) return held;
    try {
      asking ??= Promise.resolve(refused !== undefined).then(token);
      held = await asking;
      return held;
    } catch (error) {
      throw asPayError(error, 'unauthenticated', 'TOKEN_FAILED', id);
    } finally {
      asking = undefined;
    }
  }

  // Sends, and gives the answer if it is one; a refused token is exchanged once.
  async function post(method: string, type: string, body: BodyInit, id: string, signal: AbortSignal, ms: number): Promise<Response> {
    for (let refused: string | undefined; ;) {
      const mine = await credential(refused, id);
      const headers: Record<string, string> = { 'content-type': type, 'connect-protocol-version': '1', authorization: `Bearer ${mine}` };
      if (ms) headers['connect-timeout-ms'] = String(ms);
      const answer = await send(`${baseUrl}/${method}`, { method: 'POST', headers, body, signal });
      if (answer.ok) return answer;
      const told = await answer.json().catch(() => undefined);
      const error = errorOf(told, answer.status, id, answer.headers.get('retry-after'));
      if (refused !== undefined || error.code !== 'unauthenticated' || typeof token === 'string') throw error;
      refused = mine;
    }
  }

  return {
    async call(method, request, signal) {
      const id = correlation(request);
      const limit = limits(signal, timeoutMs);
      try {
        const answer = await post(method, 'application/json', JSON.stringify(request), id, limit.signal, timeoutMs);
        const text = await answer.text();
        try {
          return JSON.parse(text);
        } catch {
          throw new PayError('unknown', 'RESPONSE_MALFORMED', 'the answer is not JSON', id);
        }
      } catch (error) {
        throw limit.failed(error, id);
      } finally {
        limit.done();
      }
    },

    async *stream(method, request, signal) {
      const id = correlation(request);
      const limit = limits(signal, 0);
      try {
        const answer = await post(method, 'application/connect+json', frame(JSON.stringify(request)), id, limit.signal, 0);
        for await (const [flags, text] of frames(answer.body as ReadableStream<Uint8Array>)) {
          const message = JSON.parse(text);
          if (!(flags & END)) yield message;
          else if (message.error) throw errorOf(message.error, 200, id);
          else return;
        }
        throw new PayError('unavailable', 'UNREACHABLE', 'the stream broke off', id);
      } catch (error) {
        throw limit.failed(error, id);
      } finally {
        limit.done();
      }
    },
  };
}

function correlation(request: object): string {
  const { requestId, orderId, paymentId } = request as Record<string, string | undefined>;
  return requestId ?? orderId ?? paymentId ?? '';
}

// A frame: one byte of flags, four of length, the message.
function frame(text: string): Uint8Array<ArrayBuffer> {
  const message = new TextEncoder().encode(text);
  const bytes = new Uint8Array(5 + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, 5);
  return bytes;
}

async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<[flags: number, text: string]> {
  const reader = body.getReader();
  let bytes = new Uint8Array(0);
  try {
    for (;;) {
      const size = bytes.length < 5 ? 0 : 5 + new DataView(bytes.buffer).getUint32(1);
      if (size && bytes.length >= size) {
        yield [bytes[0] as number, new TextDecoder().decode(bytes.subarray(5, size))];
        bytes = bytes.slice(size);
        continue;
      }
      const { value, done } = await reader.read();
      if (done) return;
      const both = new Uint8Array(bytes.length + value.length);
      both.set(bytes);
      both.set(value, bytes.length);
      bytes = both;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
