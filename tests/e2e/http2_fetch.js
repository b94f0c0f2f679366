// fetch over HTTP/2, which node's own does not speak: for what tests ask through nginx. One connection for all.
import { connect } from 'node:http2';
import { Readable } from 'node:stream';

const BODYLESS = [204, 205, 304];

export function http2Fetch(ca) {
  let session;
  const open = (origin) => {
    if (!session || session.closed || session.destroyed) {
      session = connect(origin, { ca });
      session.on('error', () => {}); // told by the requests
      session.unref();
    }
    return session;
  };
  return (url, { method = 'GET', headers = {}, body, signal } = {}) => new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url);
    if (signal?.aborted) return reject(signal.reason);
    const stream = open(origin).request({ ...Object.fromEntries(new Headers(headers)), ':method': method, ':path': pathname + search });
    const abort = () => stream.destroy(signal.reason);
    signal?.addEventListener('abort', abort);
    stream.on('close', () => signal?.removeEventListener('abort', abort));
    stream.on('error', reject);
    stream.on('response', (fields) => {
      const told = Object.entries(fields).filter(([name]) => !name.startsWith(':'));
      const status = fields[':status'];
      if (BODYLESS.includes(status)) stream.resume();
      resolve(new Response(BODYLESS.includes(status) ? null : Readable.toWeb(stream), { status, headers: told.map(([name, value]) => [name, String(value)]) }));
    });
    return stream.end(body);
  });
}
