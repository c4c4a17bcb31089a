/**
 * The embedded registry in a process of its own with 10,000 instances that 1,000 processes keep alive, ten each, at the
 * usual pace, each watching by a stream. Five times a second one instance changes: from its request to the moment when the
 * last watcher has heard of it. This process plays all 1,000 on bare sockets, since a thousand whole clients would need
 * more of the machine than the registry; what they cost it is part of the times.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fwk from '../fwk.mjs';
import { median, quick, report, round } from '../lib.mjs';
import { freePort, program } from '../processes.mjs';

const { localRegistryDefaults } = await fwk.discovery();
const { checkLocalOptions } = await insideLocal('local-options');
const { openSession } = await insideLocal('client-session');
const { Registrant } = await insideLocal('session');
const { Transport } = await insideLocal('transport');

const watchers = quick ? 50 : 1_000;
const instancesEach = 10;
const changes = quick ? 10 : 300;
const changeEveryMs = 200;
const renewEveryMs = localRegistryDefaults.ttlMs / 3;

const port = await freePort();
const server = fork(program('registry-server'), {
  execArgv: ['--expose-gc'],
  env: { ...process.env, FWK_REGISTRY_PORT: String(port) },
});
await once(server, 'message');
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const transport = new Transport(checkLocalOptions({ port }, {}), (await fwk.kernel()).makeEnv());
const processes = [];
for (let at = 0; at < watchers; at++) {
  processes.push({
    session: await openSession(transport, new Registrant(`holder-${at}`), '', 'the registry'),
    ids: Array.from({ length: instancesEach }, (_, nth) => `instance-${at}-${nth}`),
  });
}
const socketPath = transport.socket;
transport.close();

const { heapBytes: emptyBytes } = await cost();
for (const each of processes) {
  await Promise.all(each.ids.map((id) => register(each, id, 0)));
  keepAlive(each);
}
const { heapBytes: fullBytes } = await cost();

let heard = () => {};
let missing = 0;
let marker = '';
const position = await currentPosition();
for (const each of processes) await watch(each);

const times = [];
await sleep(2 * renewEveryMs);
await cost();
for (let change = 1; change <= changes; change++) {
  const each = processes[change % watchers];
  const beganMs = performance.now();
  missing = watchers;
  marker = `"change":"${change}"`;
  const all = new Promise((resolve) => {
    heard = resolve;
  });
  await Promise.all([register(each, each.ids[0], change), all]);
  times.push(performance.now() - beganMs);
  await sleep(Math.max(0, changeEveryMs - (performance.now() - beganMs)));
}
const { cpuPct } = await cost();
times.sort((a, b) => a - b);

const figures = {
  propagationMsP50: round(median(times), 1),
  propagationMsP99: round(times[Math.ceil(times.length * 0.99) - 1], 1),
  cpuPct: round(cpuPct, 1),
  heapPerInstanceKB: round((fullBytes - emptyBytes) / watchers / instancesEach / 1024),
};
report(
  `registry: ${watchers * instancesEach} instances, ${watchers} watchers, ${changes} changes`,
  [
    ['change to last watcher, median', `${figures.propagationMsP50} ms`],
    ['change to last watcher, p99 (must be ≤ 50 ms)', `${figures.propagationMsP99} ms`],
    ['CPU of the registry (must be ≤ 30 %)', `${figures.cpuPct} %`],
    ['heap an instance, its own replica included', `${figures.heapPerInstanceKB} kB`],
  ],
  figures,
);
server.disconnect();
process.exit(0);

/** What the registry's process has cost since it was asked last. */
async function cost() {
  server.send('cost');
  const [answer] = await once(server, 'message');
  return answer;
}

function insideLocal(file) {
  return fwk.inside('discovery', `registries/local/${file}.js`);
}

function register({ session }, id, change) {
  const instance = {
    id,
    service: `service-${Number(id.split('-')[1]) % 100}`,
    version: '1.0.0',
    address: '127.0.0.1',
    port: 4001,
    startedAtMs: 1,
    status: 'UP',
    owner: 'bench',
    metadata: { change: String(change) },
  };
  return ask('PUT', `/v1/instances/${id}`, session, { instance });
}

/** Renews the leases of one process for ever, out of step with the others. */
async function keepAlive({ session, ids }) {
  await sleep(Math.random() * renewEveryMs);
  for (;;) {
    const { unknown } = await ask('POST', '/v1/renewals', session, { ids });
    if (unknown.length > 0) throw new Error(`the registry has forgotten ${unknown.join(', ')}`);
    await sleep(renewEveryMs * (1 - 0.2 * Math.random()));
  }
}

async function currentPosition() {
  const { epoch, version } = await ask('GET', '/v1/state', processes[0].session);
  return `${epoch}:${version}`;
}

/** Opens the stream of one process from the present on, and looks out for the change that is awaited. */
async function watch({ session }) {
  const socket = connect(socketPath).setEncoding('latin1');
  const lines = Object.entries({ host: 'localhost', ...session.sign('GET', '/v1/events', '', position).headers });
  socket.write(`GET /v1/events HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
  let [seen, tail] = ['', ''];
  await once(socket, 'data');
  socket.on('data', (text) => {
    const found = marker !== seen && (tail + text).includes(marker);
    tail = text.slice(-marker.length);
    if (!found) return;
    seen = marker;
    if (--missing === 0) heard();
  });
  socket.once('close', () => {
    throw new Error('the registry has cut a stream');
  });
}

function ask(method, path, session, body) {
  const type = body ? { 'content-type': 'application/json' } : {};
  const { headers } = session.sign(method, path, body && JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request({ agent, socketPath, method, path, headers: { ...headers, ...type } });
    sent.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.once('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    sent.end(body && JSON.stringify(body));
  });
}
