// A fault proxy between bmtd and MariaDB, on Unix sockets. It understands packets (3 bytes of length, one of sequence)
// and statements in text (COM_QUERY), so that a rule can wait for just the COMMIT.
//
//   proxy.rule({ when: /^XA PREPARE/, fault: 'swallow' })   holds for the next match, or `times` of them
//
// delay     the statement goes on after `ms`
// cut       half of the statement's packet is sent, then both sides are closed
// swallow   the statement is carried out, its reply is not passed on, both sides are closed
// halfopen  nothing goes on in either direction, and nobody is told
// refuse    (when: 'connect') new connections are closed at once
import { createConnection, createServer } from 'node:net';
import { rmSync } from 'node:fs';

const COM_QUERY = 3;

export class Proxy {
  constructor(path, target) {
    this.path = path;
    this.target = target;
    this.rules = [];
    this.hits = [];
    this.sockets = new Set();
  }

  async start() {
    rmSync(this.path, { force: true });
    this.server = createServer((client) => this.accept(client));
    await new Promise((resolve) => { this.server.listen(this.path, resolve); });
    return this;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  rule(rule) {
    this.rules.push({ times: 1, ...rule });
  }

  take(statement) {
    const at = this.rules.findIndex(({ when }) => (when instanceof RegExp ? when.test(statement) : when === statement));
    if (at < 0) return null;
    const rule = this.rules[at];
    rule.times -= 1;
    if (rule.times === 0) this.rules.splice(at, 1);
    this.hits.push({ fault: rule.fault, statement: statement.slice(0, 60) });
    return rule;
  }

  accept(client) {
    const rule = this.take('connect');
    if (rule) {
      client.destroy();
      return;
    }
    const server = createConnection(this.target);
    const link = { client, server, isSilent: false, swallows: false, pending: Buffer.alloc(0) };
    const close = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', close);
      socket.on('close', () => {
        this.sockets.delete(socket);
        if (!link.isSilent) close();
      });
    }
    client.on('data', (data) => this.fromClient(link, data, close));
    server.on('data', (data) => {
      if (link.swallows) close();
      else if (!link.isSilent) client.write(data);
    });
  }

  fromClient(link, data, close) {
    link.pending = Buffer.concat([link.pending, data]);
    while (link.pending.length >= 4) {
      const size = 4 + link.pending.readUIntLE(0, 3);
      if (link.pending.length < size) return;
      const packet = link.pending.subarray(0, size);
      link.pending = link.pending.subarray(size);
      this.pass(link, packet, close);
    }
  }

  pass(link, packet, close) {
    const statement = packet[3] === 0 && packet[4] === COM_QUERY ? packet.subarray(5).toString('utf8') : '';
    const rule = statement ? this.take(statement) : null;
    if (link.isSilent) return;
    switch (rule?.fault) {
      case 'delay':
        setTimeout(() => { if (!link.server.destroyed) link.server.write(packet); }, rule.ms ?? 500);
        break;
      case 'cut':
        link.server.write(packet.subarray(0, Math.floor(packet.length / 2)), close);
        break;
      case 'swallow':
        link.swallows = true;
        link.server.write(packet);
        break;
      case 'halfopen':
        link.isSilent = true;
        break;
      default:
        link.server.write(packet);
    }
  }
}
