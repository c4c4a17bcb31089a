import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Labels, type Meter, noMeter, systemClock } from '@fwk/kernel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeKey } from '../codec/context-writer.js';
import type { FrameOutput } from '../codec/frame-output.js';
import type { ClientSession } from './client-session.js';
import { MuxCall, type MuxReply } from './mux-call.js';
import { openSession } from './open-session.js';
import type { MuxService, ServedMuxCall } from './served-call.js';
import { ServerSession } from './server-session.js';
import type { SessionLimits } from './session-options.js';
import { SessionSeries } from './session-series.js';

interface Answered {
  readonly status: number;
  readonly text: string;
}

class TextCall extends MuxCall {
  readonly destination: Uint8Array;
  readonly answer: Promise<Answered>;
  sent: boolean | undefined;
  readonly #text: string;
  #resolve: (answer: Answered) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(destination: string, text: string) {
    super();
    this.destination = encodeKey(destination);
    this.#text = text;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.answer.catch(() => {});
  }

  writeContexts(): void {}

  writePayload(output: FrameOutput): void {
    output.utf8(this.#text);
  }

  answered({ status, payload }: MuxReply): void {
    this.#resolve({ status, text: payload.toString() });
  }

  failed(error: Error, sent: boolean): void {
    this.sent = sent;
    this.#reject(error);
  }
}

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

interface Ends {
  readonly client: ClientSession;
  readonly server: ServerSession;
  readonly sockets: { readonly client: Socket; readonly server: Socket };
}

/** A session between two real sockets. */
async function ends(
  serve: MuxService['serve'],
  limits: Partial<SessionLimits> = {},
  series?: SessionSeries,
): Promise<Ends> {
  const listener: Server = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [serverSocket] = (await accepted) as [Socket];
  const server = new ServerSession(serverSocket, { clock: systemClock, peer: 'client', ...limits }, { serve });
  const client = await openSession(socket, {
    clock: systemClock,
    peer: 'server',
    openTimeoutMs: 5000,
    series,
    ...limits,
  });
  open.push(client, server, listener);
  return { client, server, sockets: { client: socket, server: serverSocket } };
}

function call(client: ClientSession, text: string, destination = '/echo'): TextCall {
  const made = new TextCall(destination, text);
  client.dispatch(made);
  return made;
}

function echo(served: ServedMuxCall): void {
  const text = `${served.destination} ${served.payload.toString()}`;
  served.answer(0, { writeContexts() {}, writePayload: (output) => output.utf8(text) });
}

describe('a session', () => {
  test('answers calls by their tags, in whatever order', async () => {
    const waiting: ServedMuxCall[] = [];
    const { client } = await ends((served) => waiting.push(served));
    const first = call(client, 'first');
    const second = call(client, 'second');
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    for (const served of waiting.toReversed()) echo(served);
    expect(await second.answer).toEqual({ status: 0, text: '/echo second' });
    expect(await first.answer).toEqual({ status: 0, text: '/echo first' });
    expect(client.inFlight).toBe(0);
  });

  test('sends a large message in fragments, which a small one passes, both ways', async () => {
    const { client } = await ends(echo);
    const large = 'ä'.repeat(2_000_000);
    const order: string[] = [];
    const slow = call(client, large).answer.then(({ text }) => order.push(`large ${text.length}`));
    const quick = call(client, 'small').answer.then(({ text }) => order.push(text));
    await Promise.all([slow, quick]);
    expect(order).toEqual(['/echo small', `large ${2_000_006}`]);
  });

  test('tells the server of a call that is given up, and uses its tag again only then', async () => {
    const gone: string[] = [];
    const waiting: ServedMuxCall[] = [];
    const { client, server } = await ends((served) => {
      served.onGone = (why) => gone.push(why);
      waiting.push(served);
    });
    const first = call(client, 'first');
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.discard(first, 'nobody waits');
    const second = call(client, 'second');
    expect(second.tag).not.toBe(first.tag);
    await vi.waitFor(() => expect(gone).toEqual(['nobody waits']));
    waiting[0]?.answer(0, { writeContexts() {}, writePayload() {} });
    expect(server.inFlight).toBe(1);
    await vi.waitFor(() => expect(call(client, 'third').tag).toBe(first.tag));
  });

  test('is drained by the server: calls under way are answered, further ones refused before they are sent', async () => {
    const waiting: ServedMuxCall[] = [];
    const { client, server } = await ends((served) => waiting.push(served));
    const under = call(client, 'under way');
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    server.drain();
    await vi.waitFor(() => expect(client.status).toBe('draining'));
    expect(() => call(client, 'late')).toThrow(/takes no further call/);
    for (const served of waiting) echo(served);
    expect(await under.answer).toEqual({ status: 0, text: '/echo under way' });
    await vi.waitFor(() => expect(client.status).toBe('ended'));
    expect(server.ended?.message).toMatch(/drained|closed/);
  });

  test('fails the calls under way when it ends, and says whether they were sent', async () => {
    const { client, server, sockets } = await ends(() => {});
    const sent = call(client, 'sent');
    await vi.waitFor(() => expect(server.inFlight).toBe(1));
    const unsent = call(client, 'unsent');
    sockets.client.destroy();
    client.close();
    await expect(sent.answer).rejects.toMatchObject({ code: 'FWK_MUX_SESSION_ENDED' });
    expect([sent.sent, unsent.sent]).toEqual([true, false]);
  });

  test('ends when the peer falls silent while calls are under way', async () => {
    const { client, sockets } = await ends(() => {}, { busyPingMs: 20, pingTimeoutMs: 100 });
    const waiting = call(client, 'waits');
    sockets.server.pause();
    await expect(waiting.answer).rejects.toThrow(/nothing came for \d+ ms after a ping/);
  });

  test('sends a call whole that comes after a pause, in the turn in which a ping is due', async () => {
    const { client } = await ends(echo, { busyPingMs: 20 });
    expect(await call(client, 'first').answer).toEqual({ status: 0, text: '/echo first' });
    await vi.waitFor(() => expect(client.roundTripMs).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await call(client, 'after a pause').answer).toEqual({ status: 0, text: '/echo after a pause' });
    expect(client.status).toBe('ready');
  });

  test('counts itself, its frames and its writes', async () => {
    const values = new Map<string, number>();
    const series = (name: string, labels: Labels = {}) => {
      const key = [name, ...Object.values(labels)].join(' ');
      return { set() {}, add: (amount = 1) => void values.set(key, (values.get(key) ?? 0) + amount) };
    };
    const meter: Meter = {
      ...noMeter,
      gauge: ({ name }, labels) => series(name, labels),
      counter: ({ name }, labels) => series(name, labels),
    };
    const { client } = await ends(echo, {}, new SessionSeries(meter, { side: 'client' }));
    await Promise.all([call(client, 'one').answer, call(client, 'two').answer]);
    expect(values.get('mux.sessions client')).toBe(1);
    // The probe, Tinit and a ping beside the two calls; their answers, and two pings of which the server sent one.
    expect(values.get('mux.frames client sent')).toBeGreaterThanOrEqual(5);
    expect(values.get('mux.frames client received')).toBeGreaterThanOrEqual(5);
    expect(values.get('mux.writes client')).toBeLessThan(values.get('mux.frames client sent') ?? 0);
    client.close();
    await vi.waitFor(() => expect(values.get('mux.sessions client')).toBe(0));
  });

  test('knows the time of a round trip', async () => {
    const { client } = await ends(echo);
    await vi.waitFor(() => expect(client.roundTripMs).toBeGreaterThan(0));
  });
});
