/** How sessions open and end. */
import { describe, expect, test } from 'vitest';
import { FakeSocket, turns } from '../fixtures/fake-socket.js';
import { callBody, frame, framesIn, init } from '../fixtures/frames.js';
import { answer, client, dispatch, guard, server } from '../fixtures/quiet-ends.js';
import { openSession } from './open-session.js';
import { ServerSession } from './server-session.js';

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
    // The first went out at once, and eight take turns.
    expect(large.filter(({ sent }) => sent === true).length).toBeLessThanOrEqual(9);
    expect(large.at(-1)?.sent).toBe(false);
    expect(() => dispatch(session)).toThrow('the connection broke (reset)');
  });
});

test('a server answers a Tinit of another version, and ends', async () => {
  const socket = new FakeSocket();
  const session = new ServerSession(socket, { clock: guard.clock, peer: 'peer' }, { serve() {} });
  session.read(init(68, 1024, 2));
  await turns(3);
  expect(framesIn(socket.written).map(({ type }) => type)).toEqual([127]);
  expect(session.ended?.message).toContain('version 2');
  socket.destroy();
});
