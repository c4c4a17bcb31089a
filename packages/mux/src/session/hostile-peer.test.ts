/** What peers may do wrong: at least a million frames, from seeds that stay, to both ends of sessions. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '@fwk/kernel';
import { fakeClock, leakGuard, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { encodeKey } from '../codec/context-writer.js';
import { FakeSocket, turns } from '../fixtures/fake-socket.js';
import { callBody, frame, framesIn, init } from '../fixtures/frames.js';
import { cut, hostileFrames } from '../fixtures/hostile-frames.js';
import { ClientSession } from './client-session.js';
import { MuxCall, type MuxReply } from './mux-call.js';
import type { ServedMuxCall } from './served-call.js';
import { ServerSession } from './server-session.js';

const framesToAnEnd = 505_000;
const framesOfASession = 200;
const limits = {
  maxFrameBytes: 4096,
  maxMessageBytes: 8192,
  maxPartialBytes: 16_384,
  maxPartial: 8,
  maxInFlight: 6,
  maxUnsentBytes: 4096,
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes by which the memory in use may grow over half a million frames: a leak of 100 bytes each would be more. */
const mostGrowth = 40_000_000;

/** Bytes of memory in use, on the heap and beside it. Memory beside the heap is freed some time after a collection. */
async function bytesInUse(): Promise<number> {
  collect();
  await turns(2);
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const empty = { writeContexts() {}, writePayload() {} };

class CountedCall extends MuxCall {
  readonly destination = encodeKey('/a');
  ends = 0;

  writeContexts(): void {}
  writePayload(): void {}

  answered({ contexts, payload }: MuxReply): void {
    contexts.skipAll();
    this.ends += payload ? 1 : 0;
  }

  failed(): void {
    this.ends++;
  }
}

describe('a million hostile frames', () => {
  test('end sessions of a server or are refused, and each call that is served ends once', async () => {
    const guard = leakGuard();
    const witness = new FakeSocket();
    const other = new ServerSession(
      witness,
      { clock: guard.clock, peer: 'other' },
      { serve: (call) => call.answer(0, empty) },
    );
    let frames = 0;
    let survived = 0;
    let served = 0;
    let over = 0;
    let begunWith = 0;
    let mostKept = 0;
    let mostUnsent = 0;
    const some = hostileFrames(2026, 2);
    for (let seed = 1; frames < framesToAnEnd; seed++) {
      const random = seededRandom(seed);
      const socket = new FakeSocket();
      socket.stuck = random() < 0.2;
      const open: ServedMuxCall[] = [];
      let ended = 0;
      const session = new ServerSession(
        socket,
        { clock: guard.clock, peer: `seed ${seed}`, ...limits, onEnd: () => ended++ },
        {
          serve(call) {
            served++;
            open.push(call);
            let gone = 0;
            call.onGone = () => {
              over += ++gone;
              open.splice(open.indexOf(call), 1);
            };
            if (random() < 0.9) answer();
          },
        },
      );
      const answer = () => {
        const [call] = open.splice(0, 1);
        if (!call) return;
        over++;
        call.answer(0, {
          writeContexts() {},
          writePayload: (output) => output.latin1('z'.repeat(random() < 0.05 ? 9000 : 3)),
        });
      };
      for (let had = 0; had < framesOfASession && !session.ended; had += 10) {
        frames += 10;
        const bytes = some(random, 10);
        for (const piece of random() < 0.7 ? [bytes] : cut(random, bytes, 5)) session.read(piece);
        while (open.length > 3 || (open.length > 0 && random() < 0.5)) answer();
        mostKept = Math.max(mostKept, session.keptBytes);
        mostUnsent = Math.max(mostUnsent, session.unsentBytes);
      }
      if (seed % 50 === 0) await turns(1);
      if (!session.ended) survived++;
      session.close();
      expect([seed, ended, open.length, session.keptBytes]).toEqual([seed, 1, 0, 0]);
      if (seed === 1000) begunWith = await bytesInUse();
    }
    await turns();
    expect(over).toBe(served);
    expect(served).toBeGreaterThan(50_000);
    expect(survived).toBeGreaterThan(10);
    expect(mostKept).toBeLessThan(32_768);
    expect(mostUnsent).toBeLessThan(200_000);
    expect((await bytesInUse()) - begunWith).toBeLessThan(mostGrowth);
    // The other session of the process noticed nothing.
    other.read(frame(2, 2, callBody('/a', '')));
    await turns();
    expect(framesIn(witness.written).map(({ type }) => type)).toContain(-2);
    other.close();
    // What ended politely waits for its peer to end too.
    await guard.clock.advance(1000);
    guard.check();
  }, 120_000);

  test('end sessions of a client or are ignored, and each call ends once', async () => {
    const guard = leakGuard();
    let frames = 0;
    let dispatched = 0;
    let begunWith = 0;
    let mostKept = 0;
    let mostUnsent = 0;
    const some = hostileFrames(2027, -2);
    for (let seed = 1; frames < framesToAnEnd; seed++) {
      const random = seededRandom(seed);
      const socket = new FakeSocket();
      socket.stuck = random() < 0.2;
      let opened = 0;
      const session = new ClientSession(
        socket,
        { clock: guard.clock, peer: `seed ${seed}`, ...limits },
        () => opened++,
      );
      session.read(init(-68, 1024));
      const calls: CountedCall[] = [];
      let discarded = 0;
      for (let had = 0; had < framesOfASession && !session.ended; had += 5) {
        while (session.status === 'ready' && random() < 0.8) {
          const call = new CountedCall();
          session.dispatch(call);
          calls.push(call);
          if (random() < 0.2 && call.ends === 0) {
            session.discard(call, 'nobody waits');
            discarded++;
          }
        }
        frames += 5;
        const bytes = some(random, 5);
        for (const piece of random() < 0.7 ? [bytes] : cut(random, bytes, 4)) session.read(piece);
        mostKept = Math.max(mostKept, session.keptBytes);
        mostUnsent = Math.max(mostUnsent, session.unsentBytes);
      }
      if (seed % 50 === 0) await turns(1);
      session.close();
      dispatched += calls.length;
      expect([seed, opened, session.keptBytes, calls.filter(({ ends }) => ends > 1).length]).toEqual([seed, 1, 0, 0]);
      expect(calls.reduce((sum, { ends }) => sum + ends, 0)).toBe(calls.length - discarded);
      if (seed === 1000) begunWith = await bytesInUse();
    }
    await turns();
    expect(dispatched).toBeGreaterThan(20_000);
    expect(mostKept).toBeLessThan(32_768);
    expect(mostUnsent).toBeLessThan(200_000);
    expect((await bytesInUse()) - begunWith).toBeLessThan(mostGrowth);
    // What ended politely waits for its peer to end too.
    await guard.clock.advance(1000);
    guard.check();
  }, 120_000);
});

describe('a peer on the network', () => {
  test('is told nothing more once it broke the protocol, while another on the same server is answered', async () => {
    const ends: (string | undefined)[] = [];
    const listener = createServer((socket) => {
      const session = new ServerSession(
        socket,
        { clock: systemClock, peer: 'hostile', ...limits, onEnd: () => ends.push(session.ended?.message) },
        { serve: (call) => call.answer(0, { writeContexts() {}, writePayload: (output) => output.utf8('fine') }) },
      );
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const some = hostileFrames(2028, 2);
    const peers = 40;
    const hostile = async (seed: number) => {
      const random = seededRandom(seed);
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      const closed = once(socket, 'close');
      socket.resume();
      for (const piece of cut(random, some(random, 150), 40)) {
        if (socket.destroyed) break;
        socket.write(piece);
        await turns(1);
      }
      socket.destroy();
      await closed;
    };
    const good = connect(port, '127.0.0.1');
    let got = Buffer.alloc(0);
    good.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
    });
    for (let seed = 1; seed <= peers; seed++) {
      good.write(frame(2, 1 + seed, callBody('/a', 'x')));
      await hostile(seed);
    }
    await vi.waitFor(() => expect(framesIn(got).filter(({ type }) => type === -2)).toHaveLength(peers), 10_000);
    good.destroy();
    await vi.waitFor(() => expect(ends).toHaveLength(peers + 1), 10_000);
    listener.close();
  }, 60_000);
});

describe('a peer that reads nothing', () => {
  const floods = {
    pings: frame(65, 1),
    probes: frame(127, 1, 'tinit check'),
    'Tinit again and again': init(68, 1024),
    'messages that are refused': frame(1, 5, 'x'),
    'calls above the limit': Buffer.concat(
      Array.from({ length: 20 }, (_, index) => frame(2, 2 + index, callBody('/a', ''))),
    ),
    'calls and their discards': Buffer.concat([
      frame(2, 100, callBody('/a', '')),
      frame(-62, 0, Buffer.from([0, 0, 100])),
    ]),
  };

  test.each(Object.entries(floods))('is not read by a server once much waits for it: %s', async (name, bytes) => {
    const socket = new FakeSocket();
    socket.stuck = true;
    const session = new ServerSession(socket, { clock: fakeClock(), peer: 'flood', ...limits }, { serve() {} });
    const flood = name === 'calls above the limit' ? frame(2, 90, callBody('/a', '')) : bytes;
    session.read(Buffer.concat([init(68, 1024), bytes]));
    for (let tag = 2; tag < 8 && name === 'calls above the limit' && session.inFlight < 6; tag++)
      session.read(frame(2, tag, callBody('/a', '')));
    await turns();
    const chunk = Buffer.concat(Array.from({ length: 100 }, () => flood));
    let chunks = 0;
    while (!socket.isPaused() && chunks < 1000) {
      session.read(chunk);
      chunks++;
    }
    expect([socket.isPaused(), session.ended]).toEqual([true, undefined]);
    expect(session.unsentBytes).toBeLessThan(30_000);
    socket.stuck = false;
    socket.takeOne();
    await turns(4);
    expect([socket.isPaused(), session.unsentBytes]).toEqual([false, 0]);
    session.close();
  });

  test('ends the session of a client that it floods with pings', async () => {
    const socket = new FakeSocket();
    socket.stuck = true;
    const session = new ClientSession(socket, { clock: fakeClock(), peer: 'flood' }, () => {});
    session.read(init(-68, 1024));
    await turns();
    const chunk = Buffer.concat(Array.from({ length: 1000 }, () => frame(65, 1)));
    for (let chunks = 0; chunks < 1000 && !session.ended; chunks++) session.read(chunk);
    expect(session.ended?.message).toMatch(/reads none of the answers to \d+ pings/);
    expect(session.unsentBytes).toBeLessThan(400_000);
  });
});
