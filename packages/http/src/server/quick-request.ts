/**
 * Requests as `node:http` makes them, past the stream that each of them is. Node takes every body through the life of a
 * stream, also one that is not there: five turns of its queue for the end alone, each an async resource where async hooks
 * are on, as they are for the context of calls before Node 24. That is a fifth of the time a small request takes.
 *
 * Here a request without a body never ends as a stream, and one whose body is wanted before any of it has arrived hands it
 * over as it arrives. So nobody reads them but `readBody`, which knows.
 */
import type { IncomingMessage } from 'node:http';

/** Is handed a body as it arrives. */
export interface BodyTaker {
  chunk(bytes: Buffer): void;
  end(): void;
}

/** See the head of this file. */
export interface QuickRequest extends IncomingMessage {
  /** Whether the body is handed over. */
  readonly isHandedOver: boolean;
  /** Hands the body over from now on. @returns false when some of it is in the stream already: read that. */
  handOver(taker: BodyTaker): boolean;
}

const nobody: BodyTaker = { chunk() {}, end() {} };

/**
 * Makes the class of such requests, for the option `IncomingMessage` of a server.
 * @param base - `IncomingMessage` of `node:http`, which is loaded late.
 */
export function quickRequests(base: typeof IncomingMessage): typeof IncomingMessage {
  return class extends base implements QuickRequest {
    #bodiless = false;
    #streams = false;
    #taker: BodyTaker | undefined;

    get isHandedOver(): boolean {
      return this.#taker !== undefined;
    }

    handOver(taker: BodyTaker): boolean {
      if (this.#streams) return false;
      this.#taker = taker;
      return true;
    }

    override push(chunk: unknown, encoding?: BufferEncoding): boolean {
      if (this.#taker) {
        if (chunk === null) this.#taker.end();
        else this.#taker.chunk(chunk as Buffer);
        return true;
      }
      this.#bodiless = chunk === null && !announcesBody(this);
      if (this.#bodiless) return false;
      this.#streams = true;
      return super.push(chunk, encoding);
    }

    /** Node calls it after the answer, to read what is left of the body. */
    override resume(): this {
      if (this.#taker) this.#taker = nobody;
      else if (!this.#bodiless) super.resume();
      return this;
    }
  };
}

/** Whether a request has a body, as far as its head tells. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

/** Whether a server makes such requests; other servers make plain ones. */
export function isQuick(request: IncomingMessage): request is QuickRequest {
  return 'isHandedOver' in request;
}
