import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type EventBus, redact, type Timer } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';

/** Most listeners at once; each costs a connection and the writing of every event. */
export const maxEventStreams = 5;

/** Time between comments that keep an idle stream open, in milliseconds. */
const pingMs = 15_000;

/** A listener that reads so slowly that this many bytes wait for it is cut off. */
const maxWaitingBytes = 1 << 20;

/** Open event streams (`text/event-stream`) of a management server. */
export interface EventStreams extends Disposable {
  /**
   * Turns the response into a stream of events until the client leaves. `?name=breaker.*` narrows it.
   * @throws ManagementRefusedError 503 above the limit.
   */
  open(request: IncomingMessage, response: ServerResponse, pattern: string | undefined): void;
}

/** Makes the streams over a bus. */
export function eventStreams(bus: EventBus, clock: Clock): EventStreams {
  const ends = new Set<() => void>();
  return {
    open(request, response, pattern = '*') {
      if (ends.size >= maxEventStreams) {
        throw new ManagementRefusedError(503, `there are ${ends.size} event streams already, the most there may be`);
      }
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      // Nothing follows, so that it must not take a place.
      if (request.method === 'HEAD') return void response.end();
      const send = (text: string) => {
        if (response.writableLength > maxWaitingBytes) return end();
        response.write(text);
      };
      const subscription = bus.on(pattern, (event) => {
        send(`event: ${oneLine(event.name)}\ndata: ${JSON.stringify(redact(event))}\n\n`);
      });
      let timer: Timer;
      const ping = () => {
        timer = clock.setTimer(ping, pingMs, true);
        send(': ping\n\n');
      };
      const end = () => {
        if (!ends.delete(end)) return;
        clock.clearTimer(timer);
        subscription[Symbol.dispose]();
        response.end();
        request.socket.destroySoon();
      };
      ends.add(end);
      ping();
      response.on('close', end);
    },
    [Symbol.dispose]() {
      for (const end of [...ends]) end();
    },
  };
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
