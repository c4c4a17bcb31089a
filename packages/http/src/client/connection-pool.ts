/**
 * Several connections to one endpoint, each with one request at a time; further requests wait for a free one, in turn.
 *
 * The connection used last is used next, as soon as its answer is there: so there are as many as requests were ever under way at
 * once, and the others may go idle and close. undici's own pool opens a second connection while the first is made ready for
 * its next request, and looks at all of them for each request. A connection that is lost is made anew when it is next used.
 */
import type { Client, Dispatcher } from 'undici';
import type { WireAttempt } from './wire-attempt.js';

/** An attempt that takes its answer from the dispatcher. */
export type SendableAttempt = WireAttempt & Dispatcher.DispatchHandler;

type Options = Dispatcher.DispatchOptions;

/** See the head of this file. */
export class ConnectionPool {
  readonly #make: () => Client;
  readonly #maxConnections: number;
  readonly #all = new Set<PooledConnection>();
  /** The one used last stands last. */
  readonly #free: PooledConnection[] = [];
  readonly #waiting = new Set<Waiting>();
  /** Called when nobody waits any more; set while the pool closes. */
  #allServed: (() => void) | undefined;

  /** @param make - makes a dispatcher for one connection, which connects when it gets its first request. */
  constructor(make: () => Client, maxConnections: number) {
    this.#make = make;
    this.#maxConnections = maxConnections;
  }

  /** Sends a request on a free connection, or as soon as there is one. */
  dispatch(options: Options, attempt: SendableAttempt): void {
    const connection = this.#free.pop() ?? this.#another();
    if (connection) connection.send(options, attempt);
    else this.#waiting.add({ options, attempt });
  }

  /** Closes all connections once what is on them and what waits for them has been answered. No request may come after. */
  async close(): Promise<void> {
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#allServed = resolve;
      });
    }
    await Promise.all(Array.from(this.#all, ({ client }) => client.close()));
  }

  /** Nothing is under way on the connection any more. */
  freed(connection: PooledConnection): void {
    if (connection.usable) this.#free.push(connection);
    else this.#all.delete(connection);
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      // Nobody waits any longer for what was given up.
      if (next.attempt.settled) continue;
      this.dispatch(next.options, next.attempt);
      break;
    }
    if (this.#waiting.size === 0) this.#allServed?.();
  }

  #another(): PooledConnection | undefined {
    if (this.#all.size >= this.#maxConnections) return undefined;
    const made = new PooledConnection(this, this.#make());
    this.#all.add(made);
    return made;
  }
}

/** A request that waits for a connection. */
interface Waiting {
  readonly options: Options;
  readonly attempt: SendableAttempt;
}

/** One connection of a pool, lent to one attempt after the other. */
export class PooledConnection {
  readonly client: Client;
  /**
   * False once it could not be made: undici does not close such a dispatcher, since it goes on to count the request that failed
   * (https://github.com/nodejs/undici/issues/3895). It holds nothing, so it is left to the garbage collector.
   */
  usable = true;
  readonly #pool: ConnectionPool;

  constructor(pool: ConnectionPool, client: Client) {
    this.#pool = pool;
    this.client = client;
    client.on('connectionError', () => {
      this.usable = false;
    });
  }

  send(options: Options, attempt: SendableAttempt): void {
    attempt.connection = this;
    this.client.dispatch(options, attempt);
  }

  /** The attempt has its whole answer. */
  answered(): void {
    this.#pool.freed(this);
  }

  /** The attempt failed. The dispatcher is told of the next request only when it is done with this failure. */
  failed(): void {
    queueMicrotask(() => this.#pool.freed(this));
  }
}
