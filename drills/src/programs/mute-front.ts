import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { freePort } from '../stage/free-port.js';

/** Where a server is to listen, and where others reach it. */
export interface FrontedPlace {
  readonly port: number;
  readonly frontPort: number;
}

/**
 * Stands in front of a server and passes connections on, but for those that begin as Mux does: these are never answered. So
 * behaves a process that says Mux of itself and is reached through something that does not carry it.
 */
export async function muteFront(): Promise<FrontedPlace> {
  const port = await freePort();
  const front = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      if (first[0] !== 0) passOn(socket, first, port);
      // It goes on to be read, so that its end is seen.
      else socket.resume();
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  front.unref();
  return { port, frontPort: (front.address() as AddressInfo).port };
}

function passOn(socket: Socket, first: Buffer, port: number): void {
  const inner = connect({ port, host: '127.0.0.1', noDelay: true });
  inner.on('error', () => socket.destroy());
  inner.on('close', () => socket.destroy());
  socket.on('close', () => inner.destroy());
  inner.write(first);
  socket.pipe(inner).pipe(socket);
}
