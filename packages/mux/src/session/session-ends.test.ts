/** Both ends of sessions on a clock that stands still, with a peer that does just what a test says. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '@fwk/kernel';
import { type LeakGuard, leakGuard } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeKey } from '../codec/context-writer.js';
import type { FrameOutput } from '../codec/frame-output.js';
import { FakeSocket, turns } from '../fixtures/fake-socket.js';
import { answerBody, callBody, frame, framesIn, init } from '../fixtures/frames.js';
import type { ClientSession } from './client-session.js';
import { MuxCall, type MuxReply } from './mux-call.js';
import { openSession } from './open-session.js';
import type { ServedMuxCall } from './served-call.js';
import { ServerSession } from './server-session.js';
import type { SessionLimits } from './session-options.js';

const typesIn = (socket: FakeSocket) => framesIn(socket.written).map(({ type }) => type);

class TestCall extends MuxCall {
  readonly destination = encodeKey('/a');
  readonly told: string[] = [];
  sent: boolean | undefined;
  onAnswer: ((reply: MuxReply) => void) | undefined;
  write: (output: FrameOutput) => void = () => {};

  writeContexts(): void {}

  writePayload(output: FrameOutput): void {
    this.write(output);
  }

  answered(reply: MuxReply): void {
    this.told.push(`${reply.status} ${reply.payload}`);
    this.onAnswer?.(reply);
  }

  failed(error: Error, sent: boolean): void {
    this.told.push(error.message);
    this.sent = sent;
  }
}

let guard: LeakGuard;
let warnings: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  guard = leakGuard();
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  warnings.mockRestore();
  await guard.clock.advance(1000);
  guard.check();
});

async function client(limits: Partial<SessionLimits> = {}, frameBytes = 1024) {
  const socket = new FakeSocket();
  const opening = openSession(socket, { clock: guard.clock, peer: 'peer', openTimeoutMs: 1000, ...limits });
  socket.push(init(-68, frameBytes));
  const session = await opening;
  await turns();
  socket.writes.length = 0;
  return { socket, session };
}

function dispatch(session: ClientSession, text = ''): TestCall {
  const call = new TestCall();
  call.write = (output) => output.latin1(text);
  session.dispatch(call);
  return call;
}

function server(serve: (call: ServedMuxCall) => void, limits: Partial<SessionLimits> = {}) {
  const socket = new FakeSocket();
  const session = new ServerSession(socket, { clock: guard.clock, peer: 'peer', ...limits }, { serve });
  session.read(init(68, 1024));
  return { socket, session };
}

const answer = (call: ServedMuxCall, text: string) =>
  call.answer(0, { writeContexts() {}, writePayload: (output) => output.latin1(text) });

describe('the opening of a session', () => {
  test('is over after its time, with a code, and leaves nothing behind', async () => {
    const socket = new FakeSocket();
    const opening = openSession(socket, { clock: guard.clock, peer: 'peer', openTimeoutMs: 1000 });
    const failed = expect(opening).rejects.toMatchObject({ code: 'FWK_MUX_NOT_OPENED' });
    await guard.clock.advance(1000);
    await failed;
    expect(socket.destroyed).toBe(true);
  });

  test.each([
    ['that answers otherwise', (socket: FakeSocket) => void socket.push('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['that closes', (socket: FakeSocket) => void socket.push(null)],
    ['whose connection breaks', (socket: FakeSocket) => void socket.destroy(new Error('reset'))],
  ])('fails at once with a peer %s', async (_, act) => {
    const socket = new FakeSocket();
    const opening = openSession(socket, { clock: guard.clock, peer: 'peer', openTimeoutMs: 1000 });
    act(socket);
    await expect(opening).rejects.toMatchObject({ code: 'FWK_MUX_NOT_OPENED' });
    expect(socket.destroyed).toBe(true);
  });

  test('refuses limits that make no sense', async () => {
    const options = { clock: guard.clock, peer: 'peer', openTimeoutMs: 1000, pingTimeoutMs: Number.NaN };
    await expect(openSession(new FakeSocket(), options)).rejects.toThrow('Mux session: pingTimeoutMs must be');
  });
});

describe('a peer that falls silent', () => {
  test('is noticed by a client with calls within two seconds, and its calls fail', async () => {
    const { session } = await client();
    session.read(frame(-65, 1));
    const call = dispatch(session);
    await guard.clock.advance(2000);
    expect(call.told).toEqual([expect.stringContaining('nothing came for 1400 ms after a ping')]);
    expect(call.sent).toBe(true);
  });

  test('has as long as between two pings at a server', async () => {
    const { session } = server(() => {});
    await guard.clock.advance(9000);
    expect(session.ended).toBeUndefined();
    await guard.clock.advance(2000);
    expect(session.ended?.message).toContain('nothing came for');
  });

  test('is not silent while it takes what is sent, however long that lasts', async () => {
    const { socket, session } = await client();
    socket.stuck = true;
    dispatch(session, 'x'.repeat(2_000_000));
    for (let second = 0; second < 10; second++) {
      await guard.clock.advance(1000);
      socket.takeOne();
      await turns();
    }
    expect(session.ended).toBeUndefined();
    await guard.clock.advance(3000);
    expect(session.ended).toBeDefined();
  });
});

describe('a peer that does not read', () => {
  test('is not judged by its silence while it is not read, but ends after sendTimeoutMs, also amid a drain', async () => {
    const { socket, session } = server((call) => answer(call, 'y'.repeat(9000)), {
      maxUnsentBytes: 4096,
      sendTimeoutMs: 30_000,
    });
    socket.stuck = true;
    await turns();
    session.read(frame(2, 2, callBody('/a', '')));
    await turns();
    expect(socket.isPaused()).toBe(true);
    session.drain();
    await guard.clock.advance(25_000);
    expect(session.ended).toBeUndefined();
    await guard.clock.advance(40_000);
    expect(session.ended?.message).toMatch(/read nothing for \d+ ms \(sendTimeoutMs 30000\)/);
    expect(socket.destroyed).toBe(true);
  });
});

describe('the end of a session', () => {
  test('after a drain lets the peer read all, and waits a second for it to end too', async () => {
    const { socket, session } = server((call) => answer(call, 'bye'));
    session.read(frame(2, 2, callBody('/a', '')));
    session.drain();
    session.read(frame(-64, 1));
    await turns(4);
    expect(
      framesIn(socket.written)
        .find(({ type }) => type === -2)
        ?.body.toString('latin1'),
    ).toContain('bye');
    expect([session.ended?.message, socket.writableEnded, socket.destroyed]).toEqual([
      'the session with peer ended: it was drained',
      true,
      false,
    ]);
    await guard.clock.advance(1000);
    expect(socket.destroyed).toBe(true);
  });

  test('comes when the peer ends its sending side: calls under way are given up on both ends', async () => {
    const gone: string[] = [];
    const served = server((call) => {
      call.onGone = (why) => gone.push(why);
    });
    served.session.read(frame(2, 2, callBody('/a', '')));
    served.socket.push(null);
    await turns();
    expect(gone).toEqual(['the session with peer ended: the peer closed its connection']);
    expect(served.socket.destroyed).toBe(true);
    const { socket, session } = await client();
    const call = dispatch(session);
    await turns();
    socket.push(null);
    await turns();
    expect([call.told, call.sent]).toEqual([['the session with peer ended: the peer closed its connection'], true]);
  });

  test('tells each call whether anything of it was sent, large ones that waited too', async () => {
    const { socket, session } = await client();
    const small = dispatch(session, 'a');
    const large = Array.from({ length: 12 }, () => dispatch(session, 'x'.repeat(200_000)));
    await turns(1);
    const late = dispatch(session, 'b');
    socket.destroy(new Error('reset'));
    await turns();
    expect([small.sent, late.sent]).toEqual([true, false]);
    expect(large.filter(({ sent }) => sent === true).length).toBeLessThanOrEqual(8);
    expect(large.at(-1)?.sent).toBe(false);
    expect(() => dispatch(session)).toThrow('the connection broke (reset)');
  });
});

describe('what users throw', () => {
  test('when they serve is answered as an error, and the session goes on', async () => {
    const { socket, session } = server((call) => {
      if (call.tag === 2) throw new Error('a bug');
      answer(call, 'fine');
    });
    session.read(Buffer.concat([frame(2, 2, callBody('/a', '')), frame(2, 3, callBody('/a', ''))]));
    await turns();
    const answers = framesIn(socket.written).filter(({ type }) => type === -2);
    expect(answers.map(({ tag, body }) => [tag, body[0], body.toString('latin1', 3)])).toEqual([
      [2, 1, 'the call could not be served'],
      [3, 0, 'fine'],
    ]);
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('a bug'), expect.anything());
    session.close();
  });

  test('when they take an answer fails that call alone', async () => {
    const { session } = await client();
    const [broken, whole] = [dispatch(session), dispatch(session)];
    broken.onAnswer = () => {
      throw new Error('a bug');
    };
    session.read(Buffer.concat([frame(-2, broken.tag, answerBody(0, 'x')), frame(-2, whole.tag, answerBody(0, 'y'))]));
    expect([broken.told, whole.told, session.status]).toEqual([['0 x', 'a bug'], ['0 y'], 'ready']);
    session.close();
  });

  test('when they are told of an end keeps nobody else from being told', async () => {
    const gone: number[] = [];
    const { session } = server((call) => {
      call.onGone = () => {
        gone.push(call.tag);
        throw new Error('a bug');
      };
    });
    session.read(Buffer.concat([frame(2, 2, callBody('/a', '')), frame(2, 3, callBody('/a', ''))]));
    session.close();
    expect(gone).toEqual([2, 3]);
    expect(warnings).toHaveBeenCalledTimes(2);
  });

  test('when they write a call, or write another amid it, leaves nothing of it', async () => {
    const { socket, session } = await client();
    const outer = new TestCall();
    outer.write = (output) => {
      expect(() => dispatch(session, 'inner')).toThrow('another message is being written');
      output.latin1('outer');
    };
    session.dispatch(outer);
    const broken = new TestCall();
    broken.write = (output) => {
      output.latin1('half');
      throw new Error('a bug');
    };
    expect(() => session.dispatch(broken)).toThrow('a bug');
    const closing = new TestCall();
    await turns();
    expect(
      framesIn(socket.written)
        .filter(({ type }) => type === 2)
        .map(({ body }) => body.toString('latin1', 8)),
    ).toEqual(['outer']);
    expect(session.inFlight).toBe(1);
    closing.write = () => session.close();
    expect(() => session.dispatch(closing)).toThrow('it was closed');
    expect([outer.told.length, closing.told]).toEqual([1, []]);
  });
});

describe('answers', () => {
  test('after fragments of one that was refused are not mixed with them', async () => {
    for (const refusal of [frame(127, 2, 'no'), frame(-66, 2)]) {
      const { session } = await client();
      const first = dispatch(session);
      session.read(frame(-2, 2 ** 23 + first.tag, answerBody(0, 'old ')));
      session.read(refusal);
      expect(first.told).toHaveLength(1);
      const second = dispatch(session);
      expect(second.tag).toBe(first.tag);
      session.read(frame(-2, second.tag, answerBody(0, 'new')));
      expect([second.told, session.keptBytes]).toEqual([['0 new'], 0]);
      session.close();
    }
  });

  test('in fragments that nobody waits for are not kept', async () => {
    const { session } = await client();
    const call = dispatch(session);
    session.read(frame(-2, 2 ** 23 + call.tag, answerBody(0, 'x'.repeat(500))));
    expect(session.keptBytes).toBe(503);
    await turns();
    session.discard(call, 'nobody waits');
    expect(session.keptBytes).toBe(0);
    session.read(frame(-2, 2 ** 23 + call.tag, 'x'.repeat(500)));
    session.read(frame(-2, 2 ** 23 + 77, answerBody(0, 'x'.repeat(500))));
    expect(session.keptBytes).toBe(0);
    session.read(frame(-2, call.tag, 'x'));
    expect([call.told, dispatch(session).tag]).toEqual([[], call.tag]);
    session.close();
  });

  test('run outside the context of the call that opened the session', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { socket, session } = await storage.run('first caller', () => client());
    const seen: unknown[] = [];
    const call = dispatch(session);
    call.onAnswer = () => seen.push(storage.getStore());
    storage.run('another', () => socket.push(frame(-2, call.tag, answerBody(0, ''))));
    await turns();
    expect(seen).toEqual([undefined]);
    session.close();
  });
});

describe('what is sent', () => {
  test('goes out in one write a turn, and large messages let small ones pass', async () => {
    const { socket, session } = await client({}, 100_000);
    dispatch(session, 'x'.repeat(400_000));
    dispatch(session, 'a');
    dispatch(session, 'b');
    await turns(1);
    expect(socket.writes).toHaveLength(1);
    const first = framesIn(socket.writes[0] as Buffer);
    expect(first.slice(0, 2).map(({ tag }) => tag)).toEqual([3, 4]);
    dispatch(session, 'c');
    await turns(8);
    const parts = framesIn(socket.written).filter(({ tag }) => (tag & (2 ** 23 - 1)) === 2);
    expect(Buffer.concat(parts.map(({ body }) => body))).toHaveLength(400_008);
    expect(parts.every(({ body }) => body.length <= 100_000)).toBe(true);
    expect(parts.map(({ tag }) => tag >= 2 ** 23)).toEqual([true, true, true, true, false]);
    session.close();
  });

  test('to a peer that wants a byte at a time is bounded in each write', async () => {
    const { socket, session } = await client({}, 1);
    dispatch(session, 'x'.repeat(100_000));
    await turns(1);
    expect(framesIn(socket.writes[0] as Buffer).length).toBeLessThan(3000);
    session.close();
  });

  test('of a call that was given up amid its fragments stops, and its tag is free', async () => {
    const { socket, session } = await client();
    socket.stuck = true;
    const call = dispatch(session, 'x'.repeat(400_000));
    await turns();
    session.discard(call, 'nobody waits');
    socket.stuck = false;
    socket.takeOne();
    await turns(4);
    const frames = framesIn(socket.written);
    expect(frames.at(-1)).toMatchObject({ type: -62, tag: 0 });
    expect(session.unsentBytes).toBe(0);
    expect(dispatch(session).tag).toBe(call.tag);
    session.close();
  });

  test('is not sent for ever to a peer that answers no Tdiscarded', async () => {
    const { session } = await client();
    for (let count = 0; count < 70_000 && !session.ended; count++) session.discard(dispatch(session), '');
    expect(session.ended?.message).toMatch(/has not answered 65537 calls that were given up/);
  });
});

test('a server answers a Tinit of another version, and ends', async () => {
  const socket = new FakeSocket();
  const session = new ServerSession(socket, { clock: systemClock, peer: 'peer' }, { serve() {} });
  session.read(init(68, 1024, 2));
  await turns(3);
  expect(typesIn(socket)).toEqual([127]);
  expect(session.ended?.message).toContain('version 2');
  socket.destroy();
});
