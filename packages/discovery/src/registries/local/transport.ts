/**
 * Requests of one process to the registry of its machine, over `node:http` with kept connections. Every request has a limit. A
 * limit that runs out late, because this process itself stood still, is given a little more: the answer is most likely
 * waiting in the connection.
 */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type Env, jsonFault, parseJson } from '@fwk/kernel';
import { RegistryUnavailableError } from '../../errors.js';
import type { LocalRegistryOptions } from './local-options.js';
import { socketPlace } from './place.js';
import { headers, protocol } from './wire.js';

const MAX_ANSWER_LENGTH = 4 * 1024 * 1024;
/** A timer that fires this late tells of our own standstill. */
const STANDSTILL_MS = 100;
const AFTER_STANDSTILL_MS = 250;

/** One request. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Whether it becomes a stream, which needs a connection of its own and ends when it will. */
  readonly streams?: boolean;
  /** Where it goes instead of where the registry of this user is. */
  readonly to?: 'port';
}

/** Sends requests, and reads answers. */
export class Transport {
  readonly #options: LocalRegistryOptions;
  readonly #env: Env;
  readonly #pending = new Set<ClientRequest>();
  #agent: Agent | undefined;
  /** Where the registry is, once it was looked for. */
  #place: RequestOptions | undefined;
  #socket: string | undefined;
  #closed = false;

  constructor(options: LocalRegistryOptions, env: Env) {
    this.#options = options;
    this.#env = env;
  }

  /** The socket of the registry; undefined where it is asked by the port. Known once something was sent, and from then on. */
  get socket(): string | undefined {
    return this.#socket;
  }

  /** Looks anew, and whether the place is still a safe one, with the next request. */
  forgetPlace(): void {
    this.#place = undefined;
  }

  /** Sends a request and answers the response's head, if a registry has made it. @throws RegistryUnavailableError */
  async send({ method, path, headers: given, body, streams = false, to }: Sent): Promise<IncomingMessage> {
    const http = await import('node:http');
    const { host, port } = this.#options;
    this.#place ??= await this.#find();
    if (this.#closed) throw this.unavailable('it was closed by this process');
    this.#agent ??= new http.Agent({ keepAlive: true, maxSockets: 4 });
    const agent = streams || to ? false : this.#agent;
    const place = to ? { host, port } : this.#place;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const request = http.request({ ...place, agent, method, path, headers: { ...given, ...type } });
      this.#pending.add(request);
      const limit = this.limit(() =>
        request.destroy(new Error(`no answer within ${this.#options.requestTimeoutMs} ms`)),
      );
      request.once('response', (response) => {
        // The agent's connections live on; a body that ends is still within the limit.
        if (!streams || response.statusCode !== 200) response.once('close', () => limit.clear());
        else limit.clear();
        const spoken = response.headers[headers.registry];
        if (spoken === protocol) resolve(response);
        else {
          reject(
            this.unavailable(spoken === undefined ? 'something else answers there' : 'it speaks another protocol'),
          );
          response.destroy();
        }
      });
      request.on('error', (error) => {
        limit.clear();
        reject(this.unavailable(error.message, error));
      });
      request.once('close', () => this.#pending.delete(request));
      request.end(body);
    });
  }

  /** Reads an answer to its end. @throws RegistryUnavailableError */
  read(response: IncomingMessage): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_LENGTH) response.destroy(new Error('an answer without end'));
      });
      response.on('error', (error) => reject(this.unavailable(error.message, error)));
      response.once('end', () => resolve(text));
      response.once('close', () => reject(this.unavailable('it closed the connection')));
    });
  }

  /** Reads the JSON in an answer. @throws RegistryUnavailableError */
  parse(text: string): unknown {
    try {
      return parseJson(text);
    } catch (error) {
      throw this.unavailable(`its answer ${jsonFault(error)}`, error);
    }
  }

  limit(expire: () => void): { clear(): void } {
    const { clock } = this.#env;
    const { requestTimeoutMs } = this.#options;
    const dueMs = clock.now() + requestTimeoutMs;
    let timer = clock.setTimer(() => {
      if (clock.now() - dueMs < STANDSTILL_MS) expire();
      else timer = clock.setTimer(expire, AFTER_STANDSTILL_MS);
    }, requestTimeoutMs);
    return { clear: () => clock.clearTimer(timer) };
  }

  /** Ends everything at once. */
  close(): void {
    this.#closed = true;
    for (const request of this.#pending) request.destroy();
    this.#agent?.destroy();
  }

  unavailable(problem: string, cause?: unknown): RegistryUnavailableError {
    const { host, port } = this.#options;
    return new RegistryUnavailableError(`${host}:${port}`, problem, cause);
  }

  async #find(): Promise<RequestOptions> {
    const { host, port } = this.#options;
    const path = await socketPlace(this.#options, port);
    this.#socket = path;
    // Node's agent checks whether the host is an IP address. For a name it compiles its regular expression for IPv6, in 10 ms.
    return path === undefined ? { host, port } : { host, socketPath: path };
  }
}
