/** Opens the given number of Mux sessions to a server, makes one call on each, prints `idle`, and keeps them open. */
import './tell-costs.mjs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fwk from '../fwk.mjs';

const [port, count] = process.argv.slice(2).map(Number);
const { systemClock } = await fwk.kernel();
const { dispatchStatus, encodeKey, MuxCall, openSession } = await fwk.mux();

const target = '/stock/lamp';
const destination = encodeKey('/orders/stock');

class Read extends MuxCall {
  destination = destination;
  constructor(resolve, reject) {
    super();
    this.resolve = resolve;
    this.failed = reject;
  }
  writeContexts() {}
  writePayload(output) {
    output.uint16(target.length);
    output.latin1(target);
  }
  answered({ status, payload }) {
    if (status === dispatchStatus.ok) this.resolve();
    else this.failed(new Error(`the call was answered with status ${status}: ${payload}`));
  }
}

async function openIdle() {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const peer = `127.0.0.1:${port}`;
  const onEnd = () => process.exit(1);
  const session = await openSession(socket, { clock: systemClock, peer, openTimeoutMs: 5000, onEnd });
  await new Promise((resolve, reject) => session.dispatch(new Read(resolve, reject)));
  return session;
}

const sessions = [];
while (sessions.length < count) {
  const batch = Array.from({ length: Math.min(50, count - sessions.length) }, openIdle);
  sessions.push(...(await Promise.all(batch)));
}
// Until the pings that the calls caused are over.
await sleep(1500);
process.stdout.write(`idle ${sessions.length}\n`);
