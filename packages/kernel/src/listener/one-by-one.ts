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

/** The requests of one connection. */
interface Queue {
  last: ServerResponse;
  waiting: number;
}

/** Wraps the listener of a server. A request whose connection ended while it waited never reaches it. */
export function oneByOne(listener: RequestListener): RequestListener {
  // One entry for each connection: setting one for each request would cost more than everything else here.
  const queues = new WeakMap<Socket, Queue>();
  return (request, response) => {
    const { socket } = request;
    const queue = queues.get(socket);
    if (!queue) {
      queues.set(socket, { last: response, waiting: 0 });
      return listener(request, response);
    }
    const earlier = queue.last;
    queue.last = response;
    if (earlier.closed) return listener(request, response);
    if (++queue.waiting > maxWaiting) return void socket.destroy();
    earlier.once('close', () => {
      queue.waiting--;
      if (socket.writable) listener(request, response);
    });
  };
}
