/** Finagle's client calls our server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../run-cases.js';
import { must, mustEqual } from './checks.js';
import { PeerProgram, type Told } from './peer-program.js';
import { digestOf, type ServedPeer, servePeer, textOf } from './served-peer.js';
import { WireRecorder } from './wire-recorder.js';

/** The largest fragment that their client wants. */
const theirFrameBytes = 2000;

/** Their client, our server, and the wire between them. */
export interface TheirClient {
  readonly client: PeerProgram;
  readonly wire: WireRecorder;
  readonly served: ServedPeer;
}

/** Sets the scene, and clears it away. */
export async function withTheirClient(classpath: string, run: (scene: TheirClient) => Promise<void>): Promise<void> {
  const served = await servePeer();
  await using server = served.server;
  await using wire = await WireRecorder.before(server.port);
  await using client = new PeerProgram(classpath, 'PeerClient', wire.port, theirFrameBytes);
  await client.told('ready');
  await run({ client, wire, served });
}

let lastId = 0;

/** Starts a call of their client. @returns its number */
function start({ client }: TheirClient, operation: string, given: Readonly<Record<string, unknown>> = {}): number {
  const id = ++lastId;
  client.send({ id, to: `/peer/${operation}`, target: `/${operation}`, ...given });
  return id;
}

async function call(scene: TheirClient, operation: string, given: Readonly<Record<string, unknown>>): Promise<Told> {
  return scene.client.outcome(start(scene, operation, given));
}

/** Calls and demands an answer. */
async function answer(scene: TheirClient, operation: string, given: Readonly<Record<string, unknown>>): Promise<Told> {
  const told = await call(scene, operation, given);
  must(told.event === 'answer', `${operation} failed: ${told.class} ${told.text}`);
  return told;
}

/** Calls and demands an error of the application. @returns the problem document that is its text */
async function refusal(
  scene: TheirClient,
  operation: string,
  given: Readonly<Record<string, unknown>>,
): Promise<{ readonly status?: number; readonly code?: string; readonly detail?: string }> {
  const told = await call(scene, operation, given);
  must(told.event === 'failure', `${operation} was answered well, and should have been refused`);
  const text = String(told.text);
  must(
    `${told.class} ${told.cause}`.includes('ServerApplicationError'),
    `${operation} failed by ${told.class}: ${text}`,
  );
  return JSON.parse(text);
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 10) {
    if (holds()) return;
    await sleep(10);
  }
  throw new Error(`within 5 s not seen: ${what}`);
}

export const theirClientCases: readonly Case<TheirClient>[] = [
  {
    name: 'success',
    async run(scene) {
      const told = await answer(scene, 'echo', { body: '"Grüße"' });
      mustEqual(told.body, '"Grüße"', 'the answer');
      return `answered ${told.body}`;
    },
  },
  {
    name: 'negotiation',
    async run({ wire }) {
      const opening = wire.frames.filter(({ type }) => !type.endsWith('ping')).slice(0, 4);
      const order = opening.map(({ from, type }) => `${from} ${type}`);
      const wanted = ['client oldRerr', 'server oldRerr', 'client Tinit', 'server Rinit'];
      mustEqual(order, wanted, 'the opening');
      mustEqual(wire.seen('client', 'Treq').length, 0, 'the number of calls in the old form');
      return 'probe, echo, Tinit, Rinit; calls are Tdispatch';
    },
  },
  {
    name: 'one port',
    async run({ served }) {
      const response = await fetch(`${served.server.url}/echo`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '"over HTTP"',
      });
      mustEqual([response.status, await response.json()], [200, 'over HTTP'], 'the answer over HTTP');
      return 'the same port answers HTTP';
    },
  },
  {
    name: 'no content',
    async run(scene) {
      mustEqual((await answer(scene, 'nothing', {})).bodyBytes, 0, 'the size of the answer');
      return 'answered without a body';
    },
  },
  {
    name: 'error',
    async run(scene) {
      const document = await refusal(scene, 'refuse', { body: '"not now"' });
      mustEqual([document.status, document.detail], [409, 'not now'], 'status and detail of the problem');
      const failed = await refusal(scene, 'fail', {});
      mustEqual([failed.status, failed.code], [500, 'FWK_HTTP_INTERNAL'], 'status and code of a failed handler');
      return 'ServerApplicationError whose text is the problem document: 409, 500';
    },
  },
  {
    name: 'invalid request',
    async run(scene) {
      mustEqual((await refusal(scene, 'echo', { body: '{}' })).status, 400, 'the status of a body that does not fit');
      const unknown = await refusal(scene, 'unknown', {});
      mustEqual(unknown.status, 404, 'the status of an unknown operation');
      mustEqual((await answer(scene, 'echo', { body: '"after"' })).body, '"after"', 'the answer after refusals');
      return '400 and 404, and the session goes on';
    },
  },
  {
    name: 'nack',
    async run(scene) {
      const place = scene.wire.frames.length;
      const hanging = start(scene, 'hang');
      await until(() => scene.served.hanging() === 1, 'a call that takes the only place');
      const refused = await call(scene, 'hang', {});
      scene.client.send({ discard: hanging });
      await until(() => scene.served.hanging() === 0, 'the end of the call that took the place');
      mustEqual([refused.event, refused.rejected], ['failure', true], 'the outcome');
      const frame = scene.wire.seen('server', 'Rdispatch', place).at(0);
      mustEqual(frame?.body[0], 2, 'the status on the wire');
      must(frame?.body.includes('MuxFailure') === true, 'the nack has no MuxFailure');
      return 'rejected before it was worked on: status 2 with MuxFailure';
    },
  },
  {
    name: 'discard',
    async run(scene) {
      const place = scene.wire.frames.length;
      const before = scene.served.givenUp.length;
      const hanging = start(scene, 'hang');
      await until(() => scene.served.hanging() === 1, 'the call under way');
      scene.client.send({ discard: hanging });
      await until(() => scene.served.givenUp.length === before + 1, 'the cancellation of the handler');
      await scene.wire.awaits('server', 'Rdiscarded', place);
      return `the handler was cancelled: ${scene.served.givenUp.at(-1)}`;
    },
  },
  {
    name: 'ping',
    async run({ wire }) {
      await wire.awaits('client', 'Tping');
      await wire.awaits('server', 'Rping');
      await wire.awaits('server', 'Tping');
      await wire.awaits('client', 'Rping');
      return 'each side answers the pings of the other';
    },
  },
  {
    name: 'fragments',
    async run(scene) {
      const place = scene.wire.frames.length;
      const sent = 400_000;
      const told = await answer(scene, 'echo', { size: sent });
      mustEqual([told.bodyBytes, told.digest], [sent, digestOf(textOf(sent))], 'size and digest of the answer');
      const [up, down] = (['client', 'server'] as const).map((from) =>
        scene.wire.frames.slice(place).filter((frame) => frame.from === from && frame.fragment),
      );
      must((up?.length ?? 0) > 1 && (down?.length ?? 0) > 100, `fragments: ${up?.length} up, ${down?.length} down`);
      const largest = Math.max(...down!.map(({ body }) => body.length));
      mustEqual(largest, theirFrameBytes, 'the largest fragment that we sent');
      return `${sent} bytes in ${up!.length + 1} and back in ${down!.length + 1} fragments`;
    },
  },
  {
    name: 'trace context',
    async run(scene) {
      const half = { trace: '1111222233334444', parent: '5555666677778888', span: '9999aaaabbbbcccc', sampled: true };
      await answer(scene, 'echo', { body: '"64"', trace: half });
      mustEqual(scene.served.calls.at(-1)?.traceId, `${'0'.repeat(16)}${half.trace}`, 'a trace id of 64 bits');
      await answer(scene, 'echo', { body: '"128"', trace: { ...half, high: 'ffffeeeeddddcccc' } });
      mustEqual(scene.served.calls.at(-1)?.traceId, `ffffeeeeddddcccc${half.trace}`, 'a trace id of 128 bits');
      return 'trace ids of 64 and 128 bits reach the handler';
    },
  },
  {
    name: 'deadline context',
    async run(scene) {
      await answer(scene, 'echo', { body: '"in time"', deadlineMs: 3000 });
      const remainingMs = scene.served.calls.at(-1)?.remainingMs ?? 0;
      must(remainingMs > 0 && remainingMs <= 3000, `${remainingMs} ms remained of 3000`);
      const given = { target: '/late?ms=5000', body: '"too late"', deadlineMs: 300 };
      const late = await refusal(scene, 'late', given);
      mustEqual(late.status, 504, 'the status after the deadline');
      return `${Math.round(remainingMs)} ms of 3000 reach the handler; 504 after a deadline of 300 ms`;
    },
  },
  {
    name: 'our contexts',
    async run(scene) {
      const contexts = { 'fwk-caller': 'shop', 'com.twitter.finagle.Unknown': 'x', 'X-Else': 'y' };
      await answer(scene, 'echo', { body: '"named"', contexts });
      mustEqual(scene.served.calls.at(-1)?.caller, 'shop', 'the caller');
      return 'the caller is known; contexts that mean nothing here are passed over';
    },
  },
  {
    name: 'drain',
    async run(scene) {
      const place = scene.wire.frames.length;
      const under = start(scene, 'late', { target: '/late?ms=700', body: '"under way"' });
      await scene.wire.awaits('client', 'Tdispatch', place);
      const stopped = scene.served.server.stopAccepting();
      await scene.wire.awaits('server', 'Tdrain', place);
      await scene.wire.awaits('client', 'Rdrain', place);
      const told = await scene.client.outcome(under);
      mustEqual([told.event, told.body], ['answer', '"under way"'], 'the call under way');
      await stopped;
      const after = await call(scene, 'echo', { body: '"after"' });
      mustEqual(after.event, 'failure', 'the outcome of a call to the stopped server');
      return 'Tdrain, Rdrain; the call under way is answered, later ones go elsewhere';
    },
  },
];
