/**
 * The connections to one endpoint, each with one request at a time. A request that finds none free opens another. When the
 * limit is reached it waits, and the waiting requests are sent in the order in which they came.
 *
 * The connection that was used last is used next, as soon as its answer is complete. So no more are opened than requests are
 * under way at once, and those that are not needed go idle and close. undici's own `Pool` opens a second connection while the
 * first is made ready for its next request, and walks over all connections for each request. A connection that was lost is
 * opened anew for its next request.
 */
import type { Client, Dispatcher } from 'undici';
import type { ConnectionUse, PooledAttempt } from '../calling/operation-request.js';
import type { Reconnecting } from '../calling/reconnecting.js';

type Options = Dispatcher.DispatchOptions;

/** See the head of this file. */
export class ConnectionPool {
  readonly #make: () => Client;
  readonly #maxConnections: number;
  readonly #reconnecting: Pick<Reconnecting, 'begin' | 'made'>;
  readonly #all = new Set<PooledConnection>();
  /** The one that was used last is at the end. */
  readonly #free: PooledConnection[] = [];
  readonly #waiting = new Set<Waiting>();
  /** Called when no request waits; set while the pool closes. */
  #allServed: (() => void) | undefined;

  /**
   * @param make - makes undici's client of one connection, which connects at its first request.
   * @param reconnecting - told when a connection was lost with its request, and when an answer came.
   */
  constructor(make: () => Client, maxConnections: number, reconnecting: Pick<Reconnecting, 'begin' | 'made'>) {
    this.#make = make;
    this.#maxConnections = maxConnections;
    this.#reconnecting = reconnecting;
  }

  /** Whether the next request has to wait. */
  get full(): boolean {
    return this.#free.length === 0 && this.#all.size >= this.#maxConnections;
  }

  /**
   * Sends a request on a free connection, or as soon as there is one.
   * @param within - what the sending is done in, whenever that is. @defaultValue nothing
   */
  dispatch(options: Options, attempt: PooledAttempt, within?: (send: () => void) => void): void {
    const connection = this.#free.pop() ?? this.#another();
    if (!connection) this.#waiting.add({ options, attempt, within });
    else if (within) within(() => connection.send(options, attempt));
    else connection.send(options, attempt);
  }

  /** Waits until all requests have ended, those that wait included, and closes all connections. Do not dispatch afterwards. */
  async close(): Promise<void> {
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#allServed = resolve;
      });
    }
    await Promise.all(Array.from(this.#all, ({ client }) => client.close()));
  }

  /** A connection has finished its request, with an answer or an error: the next request that waits is sent. */
  freed(connection: PooledConnection): void {
    if (connection.usable) this.#free.push(connection);
    else this.#all.delete(connection);
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      // Its caller has given up.
      if (next.attempt.settled) continue;
      this.dispatch(next.options, next.attempt, next.within);
      break;
    }
    if (this.#waiting.size === 0) this.#allServed?.();
  }

  /** The answer to a request is complete. */
  answered(connection: PooledConnection): void {
    this.#reconnecting.made();
    this.freed(connection);
  }

  /** A connection was lost with its request. */
  lost(): void {
    this.#reconnecting.begin(true);
  }

  /** A further connection; undefined when there are as many as allowed. */
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
  readonly attempt: PooledAttempt;
  readonly within: ((send: () => void) => void) | undefined;
}

/** One connection of a pool, used by one attempt after the other. */
export class PooledConnection implements ConnectionUse {
  readonly client: Client;
  /**
   * False once connecting has failed. undici goes on to count the failed request, so that closing its client would never end
   * (https://github.com/nodejs/undici/issues/3895). Such a client has no socket, and is left to the garbage collector.
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

  send(options: Options, attempt: PooledAttempt): void {
    attempt.connection = this;
    this.client.dispatch(options, attempt);
  }

  /** The answer of the attempt is complete. */
  answered(): void {
    this.#pool.answered(this);
  }

  /** The attempt failed. The next request is sent in a microtask, when undici has finished with this failure. */
  failed(lost: boolean): void {
    if (lost) this.#pool.lost();
    queueMicrotask(() => this.#pool.freed(this));
  }
}
