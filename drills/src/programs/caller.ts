/**
 * A service that calls: an open loop that sends at a steady pace whatever the answers do, so that slow answers cannot slow
 * their own measurement. Time counts from the moment a call was due. Nothing is tried again here but by the client.
 */
import { createApp, eventBusToken } from '@fwk/core';
import { discovery, membershipsToken } from '@fwk/discovery';
import { clientOf } from '@fwk/http';
import { type CallerAsked, type CallerOptions, type CallRecord, callerVariable, type Pace } from '../stage/messages.js';
import { nowMs } from '../stage/now.js';
import { attemptRecorder } from './attempts.js';
import { target } from './contract.js';
import { registryOf, registryPlace } from './registry-place.js';
import { endWithDrill, tell, tellsReady } from './tell.js';

const tickMs = 5;

endWithDrill();
const { add, ...recorded } = attemptRecorder();
const app = createApp({
  name: 'caller',
  version: '1.0.0',
  owner: 'drills',
  logging: { level: 'warn' },
  management: false,
  use: [discovery({ registry: registryOf(registryPlace()) }), tellsReady()],
});
await app.start();

const members = app.get(membershipsToken).of('target');
const tellMembers = () => tell({ is: 'members', ids: members.value.map(({ id }) => id) });
members.subscribe(tellMembers);
tellMembers();

const { fallback, ...options } = JSON.parse(process.env[callerVariable] ?? '{}') as CallerOptions;
const instead = { value: { servedBy: 'fallback' } };
const client = app.get(
  clientOf(target, {
    ...options,
    ...(fallback && { fallback: { read: instead, write: instead } }),
    endpointLayers: add,
  }),
);
const calls: CallRecord[] = [];
const retriesAtMs: number[] = [];
app.get(eventBusToken).on('retry.scheduled', () => void retriesAtMs.push(nowMs()));
const inFlight = new Set<Promise<void>>();
let timer: NodeJS.Timeout | undefined;

process.on('message', (asked: CallerAsked) => {
  if ('start' in asked) start(asked.start);
  else void stop();
});

function start({ perSecond, writeShare }: Pace): void {
  const startedMs = nowMs();
  let sent = 0;
  let writes = 0;
  timer = setInterval(() => {
    const due = ((nowMs() - startedMs) / 1000) * perSecond;
    for (; sent < due; sent++) {
      const kind = writes < sent * writeShare ? 'write' : 'read';
      if (kind === 'write') writes++;
      send(kind, startedMs + (sent / perSecond) * 1000);
    }
  }, tickMs);
}

function send(kind: CallRecord['kind'], dueMs: number): void {
  const settled: Promise<void> = (kind === 'read' ? client.read() : client.write())
    .then(
      ({ servedBy }) =>
        calls.push({ kind, dueMs, tookMs: nowMs() - dueMs, ...(servedBy === 'fallback' && { fallback: true }) }),
      (error: Error) => calls.push({ kind, dueMs, tookMs: nowMs() - dueMs, error: error.message }),
    )
    .then(() => void inFlight.delete(settled));
  inFlight.add(settled);
}

async function stop(): Promise<void> {
  clearInterval(timer);
  await Promise.all(inFlight);
  tell({ is: 'report', calls, ...recorded, retriesAtMs });
}
