/**
 * Requests of one connection are worked on one after another. A client may send the next before it has the answer to the
 * last ("pipelining"). Node hands all of them over at once, and when the connection ends it forgets the answers that wait
 * behind another: they never close, so what they hold (memory, places among the calls in flight) would be held for ever.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What Node calls for each request. */
type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that may wait behind one on a connection; with more the connection ends. */
const maxWaiting = 100;

/** Wraps the listener of a server. A request whose connection ended while it waited never reaches it. */
export function oneByOne(listener: RequestListener): RequestListener {
  const last = new WeakMap<Socket, ServerResponse>();
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const earlier = last.get(socket);
    last.set(socket, response);
    if (!earlier || earlier.closed) return listener(request, response);
    const place = (waiting.get(socket) ?? 0) + 1;
    if (place > maxWaiting) return void socket.destroy();
    waiting.set(socket, place);
    earlier.once('close', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      if (socket.writable) listener(request, response);
    });
  };
}
