/** What becomes of calls on a session, and what of others when one goes wrong. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { turns } from '../fixtures/fake-socket.js';
import { answerBody, callBody, frame, framesIn } from '../fixtures/frames.js';
import { answer, client, dispatch, server, TestCall, warnings } from '../fixtures/quiet-ends.js';

describe('the calls of one turn of the event loop', () => {
  test('go out in one write at its end, where they are few', async () => {
    const { socket, session } = await client();
    const before = socket.writes.length;
    for (let call = 0; call < 10; call++) dispatch(session, 'few');
    expect(socket.writes).toHaveLength(before);
    await turns();
    expect(socket.writes).toHaveLength(before + 1);
    session.close();
  });

  test('begin to go out as soon as 4 KiB wait, and the rest goes at its end', async () => {
    const { socket, session } = await client();
    const before = socket.writes.length;
    for (let call = 0; call < 20; call++) dispatch(session, 'x'.repeat(500));
    expect(socket.writes).toHaveLength(before + 1);
    expect(socket.writes.at(-1)?.length).toBeGreaterThanOrEqual(4096);
    await turns();
    expect(socket.writes).toHaveLength(before + 2);
    expect(framesIn(socket.written).filter(({ type }) => type === 2)).toHaveLength(20);
    session.close();
  });
});

describe('an error that users throw', () => {
  test('in serve is answered as an error, and the session goes on', async () => {
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

  test('in answered fails that call alone', async () => {
    const { session } = await client();
    const [broken, whole] = [dispatch(session), dispatch(session)];
    broken.onAnswer = () => {
      throw new Error('a bug');
    };
    session.read(Buffer.concat([frame(-2, broken.tag, answerBody(0, 'x')), frame(-2, whole.tag, answerBody(0, 'y'))]));
    expect([broken.told, whole.told, session.status]).toEqual([['0 x', 'a bug'], ['0 y'], 'ready']);
    session.close();
  });

  test('in failed, onGone or onEnd does not keep others from being told', async () => {
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

  test('while they write a call, or begin another within it, leaves nothing of that call in the output', async () => {
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
  test('goes out in one write a turn where large messages wait, and they let small ones pass', async () => {
    const { socket, session } = await client({}, 100_000);
    socket.stuck = true;
    dispatch(session, 'x'.repeat(400_000));
    dispatch(session, 'a');
    dispatch(session, 'b');
    await turns(1);
    expect(socket.writes).toHaveLength(1);
    socket.takeOne();
    await turns(1);
    expect(socket.writes).toHaveLength(2);
    const second = framesIn(socket.writes[1] as Buffer);
    expect(second.slice(0, 2).map(({ tag }) => tag)).toEqual([3, 4]);
    dispatch(session, 'c');
    socket.stuck = false;
    socket.takeOne();
    await turns(8);
    const parts = framesIn(socket.written).filter(({ tag }) => (tag & (2 ** 23 - 1)) === 2);
    expect(Buffer.concat(parts.map(({ body }) => body))).toHaveLength(400_008);
    expect(parts.every(({ body }) => body.length <= 100_000)).toBe(true);
    expect(parts.map(({ tag }) => tag >= 2 ** 23)).toEqual([true, true, true, true, false]);
    session.close();
  });

  test('of a large message is written while it is made, as fast as the system takes it, but not all at once', async () => {
    const { socket, session } = await client();
    dispatch(session, 'x'.repeat(3_000_000));
    expect(socket.written.length).toBeGreaterThan(900_000);
    expect(socket.written.length).toBeLessThan(1_100_000);
    expect(Math.max(...socket.writes.map(({ length }) => length))).toBeLessThan(300_000);
    await turns(4);
    const parts = framesIn(socket.written);
    expect(Buffer.concat(parts.map(({ body }) => body))).toHaveLength(3_000_008);
    expect(session.unsentBytes).toBe(0);
    session.close();
  });

  test('is lost with the connection when a write fails that the system seemed to have taken', async () => {
    const { socket, session } = await client();
    socket._writev = (_, done: (error?: Error) => void) => done(new Error('broken pipe'));
    const call = dispatch(session, 'x'.repeat(3_000_000));
    await turns();
    expect(session.ended?.message).toContain('broken pipe');
    expect(call.told).toHaveLength(1);
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
