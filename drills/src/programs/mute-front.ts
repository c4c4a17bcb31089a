import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { freePort } from '../stage/free-port.js';

/** Where a server is to listen, and where others reach it. */
export interface FrontedPlace {
  readonly port: number;
  readonly frontPort: number;
}

/**
 * A proxy in front of a server that passes on all connections except those that speak Mux, which it never answers. So it looks when
 * an instance announces Mux but is reached through something that does not pass it on.
 */
export async function muteFront(): Promise<FrontedPlace> {
  const port = await freePort();
  const front = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      if (first[0] !== 0) passOn(socket, first, port);
      // Read on, so that the end of the connection is noticed.
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
