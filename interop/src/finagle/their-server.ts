/** Our client calls Finagle's server. */
import { traceKey } from '@fwk/core';
import { createClient } from '@fwk/http';
import { type CallContext, currentContext, type ErrorTraits, FwkError, systemClock } from '@fwk/kernel';
import type { Case } from '../run-cases.js';
import { must, mustEqual, mustFail } from './checks.js';
import { type PeerCaller, peer } from './contract.js';
import { PeerProgram, type Told } from './peer-program.js';
import { digestOf, textOf } from './served-peer.js';
import { WireRecorder } from './wire-recorder.js';

/** The largest fragment that their server wants. */
const theirFrameBytes = 2000;

/** Our client, their server, and the wire between them. */
export interface TheirServer {
  readonly server: PeerProgram;
  readonly wire: WireRecorder;
  readonly client: PeerCaller;
}

/** Sets the scene, and clears it away. */
export async function withTheirServer(classpath: string, run: (scene: TheirServer) => Promise<void>): Promise<void> {
  await using server = new PeerProgram(classpath, 'PeerServer', theirFrameBytes);
  const { port } = await server.told('listening');
  await using wire = await WireRecorder.before(Number(port));
  await using client = createClient(peer, {
    endpoints: [`mux://127.0.0.1:${wire.port}`],
    // The first call of a program in Java is slow.
    timeoutMs: 15_000,
    deadlineMs: 20_000,
  });
  await run({ server, wire, client });
}

/** Makes a call, and returns what their server told of it. */
async function told({ server }: TheirServer, made: () => Promise<unknown>): Promise<Told> {
  const [request] = await Promise.all([server.told('request', undefined, server.place), made()]);
  return request;
}

interface ToldContexts {
  readonly trace?: { readonly trace: string; readonly high?: string; readonly sampled?: boolean };
  readonly remainingMs?: number;
}

export const theirServerCases: readonly Case<TheirServer>[] = [
  {
    name: 'success',
    async run({ client }) {
      const text = await client.echo({ body: 'Grüße' });
      mustEqual(text, 'Grüße', 'the answer');
      return `answered ${text}`;
    },
  },
  {
    name: 'negotiation',
    async run({ wire }) {
      await wire.awaits('client', 'oldRerr');
      await wire.awaits('client', 'Tinit');
      const { body } = await wire.awaits('server', 'Rinit');
      must(body.includes('mux-framer'), 'Rinit says no size of frames');
      return 'probe, Tinit, Rinit';
    },
  },
  {
    name: 'no content',
    async run({ client }) {
      mustEqual(await client.nothing(), undefined, 'the answer');
      return 'answered without a body';
    },
  },
  {
    name: 'error',
    async run({ client, server }) {
      const { place } = server;
      const error = await mustFail(client.fail(), 'fail');
      must(String(error).includes('the shelf is broken'), `the error says nothing of the reason: ${error}`);
      const again = await client.echo({ body: 'after' });
      mustEqual(again, 'after', 'the answer after an error');
      const requests = attempts(server, place, '/peer/fail');
      mustEqual(requests, 1, 'the number of attempts of what is not idempotent');
      return String(error);
    },
  },
  {
    name: 'error for good',
    async run({ client, server }) {
      const { place } = server;
      const error = await mustFail(client.failForGood(), 'failForGood');
      mustEqual(attempts(server, place, '/peer/failForGood'), 1, 'the number of attempts');
      return `tried once: ${error}`;
    },
  },
  {
    name: 'nack',
    async run({ client, server, wire }) {
      const { place } = server;
      const from = wire.frames.length;
      const error = await mustFail(client.reject(), 'reject');
      mustEqual(traitsOf(error).notProcessed, true, 'whether it is known that nothing was done');
      const requests = attempts(server, place, '/peer/reject');
      must(requests > 1, 'a call that was not worked on was not tried again');
      mustEqual(wire.seen('server', 'Rdispatch', from)[0]?.body[0], 2, 'the status on the wire');
      return `tried ${requests} times, then: ${error}`;
    },
  },
  {
    name: 'nack for good',
    async run({ client, server }) {
      const { place } = server;
      const error = await mustFail(client.rejectForGood(), 'rejectForGood');
      mustEqual(attempts(server, place, '/peer/rejectForGood'), 1, 'the number of attempts');
      return `tried once: ${error}`;
    },
  },
  {
    name: 'discard',
    async run(scene) {
      const { server, wire, client } = scene;
      const { place } = server;
      const from = wire.frames.length;
      const giveUp = new AbortController();
      const hanging = client.hang({}, { signal: giveUp.signal });
      await server.told('request', undefined, place);
      giveUp.abort();
      await mustFail(hanging, 'a call that was given up');
      const { cause } = await server.told('interrupted', undefined, place);
      await wire.awaits('server', 'Rdiscarded', from);
      return `their handler was interrupted: ${cause}`;
    },
  },
  {
    name: 'ping',
    async run({ wire }) {
      await wire.awaits('client', 'Tping');
      await wire.awaits('server', 'Rping');
      return 'answered';
    },
  },
  {
    name: 'fragments',
    async run(scene) {
      const { wire, client } = scene;
      const from = wire.frames.length;
      const bytes = 400_000;
      const text = textOf(bytes);
      const request = await told(scene, async () => mustEqual(await client.echo({ body: text }), text, 'the echo'));
      mustEqual([request.bodyBytes, request.digest], [bytes, digestOf(text)], 'size and digest at their server');
      mustEqual(
        digestOf(await client.big({ query: { size: String(bytes) } })),
        digestOf(text),
        'the digest of their answer',
      );
      const fragments = wire.frames.slice(from).filter(({ fragment }) => fragment);
      const ours = fragments.filter(({ from: sender }) => sender === 'client');
      mustEqual(Math.max(...ours.map(({ body }) => body.length)), theirFrameBytes, 'the largest fragment that we sent');
      must(fragments.length > ours.length, 'their answer came in one piece');
      return `${bytes} bytes in ${ours.length + 1} fragments, ${fragments.length - ours.length} came back`;
    },
  },
  {
    name: 'trace context',
    async run(scene) {
      const traceId = 'ffffeeeeddddcccc1111222233334444';
      const trace = { traceId, spanId: '5555666677778888', flags: 1, tracestate: '' };
      const context: CallContext = currentContext().with({ values: [traceKey.of(trace)] });
      const request = await told(scene, () => scene.client.echo({ body: 'traced' }, { context }));
      const seen = (request.contexts as ToldContexts).trace;
      mustEqual(`${seen?.high}${seen?.trace}`, traceId, 'the trace id at their server');
      mustEqual(seen?.sampled, true, 'whether their server records it');
      return `trace ${traceId} reaches their server`;
    },
  },
  {
    name: 'deadline context',
    async run(scene) {
      const { client, server, wire } = scene;
      const within = (ms: number) => ({ context: currentContext().with({ deadlineMs: systemClock.now() + ms }) });
      const request = await told(scene, () => client.echo({ body: 'in time' }, within(3000)));
      const { remainingMs = 0 } = request.contexts as ToldContexts;
      must(remainingMs > 0 && remainingMs <= 3000, `${remainingMs} ms of 3000 remain at their server`);
      const { place } = server;
      const from = wire.frames.length;
      const late = client.hang({}, within(300));
      const error = await mustFail(late, 'a call after its deadline');
      await wire.awaits('client', 'oldTdiscarded', from);
      await server.told('interrupted', undefined, place);
      return `${remainingMs} ms of 3000 remain at their server; after 300 ms: ${error}`;
    },
  },
  {
    name: 'lease',
    async run({ server, wire, client }) {
      const from = wire.frames.length;
      server.send({ do: 'lease', ms: 60_000 });
      await wire.awaits('server', 'Tlease', from);
      mustEqual(await client.echo({ body: 'leased' }), 'leased', 'the answer');
      return 'taken';
    },
  },
  {
    name: 'drain',
    async run({ server, wire, client }) {
      const { place } = server;
      const from = wire.frames.length;
      const under = client.late({ query: { ms: '700' }, body: 'under way' });
      await server.told('request', undefined, place);
      server.send({ do: 'drain', ms: 10_000 });
      await wire.awaits('server', 'Tdrain', from);
      await wire.awaits('client', 'Rdrain', from);
      mustEqual(await under, 'under way', 'the call under way');
      const { result } = await server.told('drained', undefined, place);
      const error = await mustFail(client.late({ query: { ms: '0' }, body: 'after' }), 'a call to the stopped server');
      return `the call under way is answered, their server ends with ${result}; then: ${error}`;
    },
  },
];

function traitsOf(error: unknown): ErrorTraits {
  if (error instanceof FwkError) return error.traits;
  throw new Error(`no error of the framework: ${error}`);
}

/** How many calls of a destination their server has told since a place. */
function attempts(server: PeerProgram, place: number, destination: string): number {
  return server.toldSince(place).filter((each) => each.event === 'request' && each.destination === destination).length;
}
