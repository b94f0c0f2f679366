// A fault proxy between bmtd and MariaDB, on a Unix socket or a TCP port of its own. It understands packets (3 bytes of
// length, one of sequence), statements in text, and those that were prepared, whose text it remembers by their number; so
// a rule can wait for just the COMMIT, and for just that of a transaction that has done a certain thing.
//
//   proxy.rule({ when: /^XA PREPARE/, fault: 'swallow' })   holds for the next match, or `times` of them
//   proxy.rule({ when: /^COMMIT/, after: /INSERT INTO bmt_order.refunds/, fault: 'swallow' })
//
// delay     the statement goes on after `ms`
// cut       half of the statement's packet is sent, then both sides are closed
// swallow   the statement is carried out, its reply is not passed on, both sides are closed
// halfopen  nothing goes on in either direction, and nobody is told
// refuse    (when: 'connect') new connections are closed at once
import { createConnection, createServer } from 'node:net';
import { rmSync } from 'node:fs';

const COM = { query: 0x03, prepare: 0x16, execute: 0x17, close: 0x19, bulkExecute: 0xfa };
const ENDS = /^(XA )?(COMMIT|ROLLBACK)/;

export class Proxy {
  // `place` is the path of a socket, or 0 for a port that is found at start.
  constructor(place, target) {
    this.place = place;
    this.target = target;
    this.rules = [];
    this.hits = [];
    this.sockets = new Set();
  }

  async start() {
    if (this.place !== 0) rmSync(this.place, { force: true });
    this.server = createServer((client) => this.accept(client));
    await new Promise((resolve) => { this.server.listen(this.place, ...(this.place === 0 ? ['127.0.0.1'] : []), resolve); });
    this.port = this.server.address().port;
    return this;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  rule(rule) {
    this.rules.push({ times: 1, ...rule });
  }

  take(statement, story = []) {
    const at = this.rules.findIndex(({ when, after }) => (when instanceof RegExp ? when.test(statement) : when === statement)
      && (!after || story.some((one) => after.test(one))));
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
    const link = { client, server, isSilent: false, swallows: false, pending: Buffer.alloc(0), preparing: null, prepared: new Map(), story: [] };
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
      this.fromServer(link, data);
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

  // The number that the server gives to what was prepared: the answer begins with 0 and it.
  fromServer(link, data) {
    if (link.preparing === null) return;
    if (data.length >= 9 && data[4] === 0) link.prepared.set(data.readUInt32LE(5), link.preparing);
    link.preparing = null;
  }

  // What the packet executes; empty for everything else.
  statementOf(link, packet) {
    if (packet[3] !== 0) return '';
    switch (packet[4]) {
      case COM.query: return packet.subarray(5).toString('utf8');
      case COM.execute:
      case COM.bulkExecute: return link.prepared.get(packet.readUInt32LE(5)) ?? '';
      case COM.prepare:
        link.preparing = packet.subarray(5).toString('utf8');
        return '';
      case COM.close:
        link.prepared.delete(packet.readUInt32LE(5));
        return '';
      default: return '';
    }
  }

  pass(link, packet, close) {
    const statement = this.statementOf(link, packet);
    if (statement) link.story.push(statement);
    const rule = statement ? this.take(statement, link.story) : null;
    if (ENDS.test(statement)) link.story = [];
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
