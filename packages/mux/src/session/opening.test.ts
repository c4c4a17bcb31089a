import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { systemClock } from '@fwk/kernel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { MuxService } from './served-call.js';
import { ServerSession } from './server-session.js';

// What a client of Finagle 24.2.0 sends, and what its server answers.
const probe = Buffer.from('0000000f7f00000174696e697420636865636b', 'hex');
const tinit = Buffer.from(
  '0000002a4400000100010000000a6d75782d6672616d6572000000047fffffff00000003746c73000000036f6666',
  'hex',
);
/** A call to `/a`, without contexts and payload. */
const tdispatch = Buffer.from('0000000c02000002000000022f610000', 'hex');
const types = { rinit: 0xbc, tping: 0x41, tdrain: 0x40, rdispatch: 0xfe };

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function finagleClient(
  serve: MuxService['serve'] = (call) => call.answer(0, { writeContexts() {}, writePayload() {} }),
): Promise<{ server: ServerSession; socket: Socket; received: () => Buffer }> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [serverSocket] = (await accepted) as [Socket];
  const server = new ServerSession(serverSocket, { clock: systemClock, peer: 'client' }, { serve });
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  open.push(server, listener, { close: () => socket.destroy() });
  return { server, socket, received: () => received };
}

/** Types of the frames, in order. */
function typesOf(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 4 < bytes.length; at += 4 + bytes.readUInt32BE(at)) found.push(bytes[at + 4] as number);
  return found;
}

describe('a session with a client of Finagle', () => {
  test('is opened by the echo of the probe as its first message, then Rinit, and only then a ping', async () => {
    const { socket, received } = await finagleClient();
    // A ping of our own would be sent in the turn of the connection.
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(probe);
    await vi.waitFor(() => expect(received().length).toBeGreaterThanOrEqual(probe.length));
    expect(received()).toEqual(probe);
    socket.write(tinit);
    await vi.waitFor(() => expect(typesOf(received())).toEqual([probe[4], types.rinit, types.tping]));
  });

  test('is drained when it is open, where it was to be drained before', async () => {
    const { server, socket, received } = await finagleClient();
    server.drain();
    socket.write(probe);
    await vi.waitFor(() => expect(received()).toEqual(probe));
    socket.write(tinit);
    await vi.waitFor(() => expect(typesOf(received())).toContain(types.tdrain));
    expect(typesOf(received()).indexOf(types.tdrain)).toBeGreaterThan(typesOf(received()).indexOf(types.rinit));
  });

  test('is open with the first call of a peer that sends no Tinit', async () => {
    const { socket, received } = await finagleClient();
    socket.write(tdispatch);
    await vi.waitFor(() => expect(typesOf(received())).toEqual([types.tping, types.rdispatch]));
  });

  test('answers by an Rdispatch also where an answer cannot be written, since Rerr would make the client call again', async () => {
    const { socket, received } = await finagleClient((call) => {
      const writePayload = () => {
        throw new Error('no such text');
      };
      expect(() => call.answer(0, { writeContexts() {}, writePayload })).toThrow('no such text');
    });
    socket.write(tdispatch);
    await vi.waitFor(() => expect(typesOf(received())).toEqual([types.tping, types.rdispatch]));
    expect(received().toString('latin1')).toContain('the answer could not be written');
  });
});
