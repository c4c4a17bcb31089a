/**
 * How one process speaks to the registry of its machine, over `node:http` with kept connections. Every request has a
 * limit. A limit that runs out late, because this process itself stood still, is given a little more: the answer is most
 * likely waiting in the socket.
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Env } from '@fwk/kernel';
import { RegistryDeniedError, RegistryUnavailableError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { Override } from '../../override.js';
import type { LocalRegistryOptions } from './local-options.js';
import { refusalOf } from './refusals.js';
import type { Identity } from './served-registry.js';
import { SseReader } from './sse-reader.js';
import { headers, objectOf, parseEvent, parseIds, protocol, type StreamMessage } from './wire.js';

const MAX_ANSWER_LENGTH = 4 * 1024 * 1024;
/** A timer that fires this late tells of our own standstill. */
const STANDSTILL_MS = 100;
const AFTER_STANDSTILL_MS = 250;

/** Requests to one registry. All reject with {@link RegistryUnavailableError} or the registry's own typed refusal. */
export class RegistryClient {
  readonly #identity: Identity;
  readonly #options: LocalRegistryOptions;
  readonly #env: Env;
  readonly #pending = new Set<ClientRequest>();
  #agent: Agent | undefined;

  constructor(identity: Identity, options: LocalRegistryOptions, env: Env) {
    this.#identity = identity;
    this.#options = options;
    this.#env = env;
  }

  /** @param override - what an operator said of it, for a registry that has forgotten. */
  async register(instance: Instance, override?: Override): Promise<void> {
    await this.#ask('PUT', `/instances/${encodeURIComponent(instance.id)}`, { instance, override });
  }

  async deregister(id: string): Promise<void> {
    await this.#ask('DELETE', `/instances/${encodeURIComponent(id)}`);
  }

  async override(id: string, override: Omit<Override, 'atMs'>): Promise<void> {
    await this.#ask('PUT', `/overrides/${encodeURIComponent(id)}`, override);
  }

  /** Answers whether there was anything to lift. */
  async lift(id: string): Promise<boolean> {
    return objectOf(await this.#ask('DELETE', `/overrides/${encodeURIComponent(id)}`)).lifted === true;
  }

  /** Answers the ids that must be registered again. */
  async renew(ids: readonly string[]): Promise<readonly string[]> {
    const { unknown } = objectOf(await this.#ask('POST', '/renewals', { ids }));
    return parseIds(unknown, ids.length);
  }

  /**
   * Opens the event stream.
   * @param resumeFrom - `epoch:version` of what is known.
   * @param onMessages - told of all messages of one chunk at once. What it throws ends the stream.
   * @returns once the first chunk was taken; `ended` resolves with the reason when the stream is over.
   */
  async watch(
    resumeFrom: string | undefined,
    onMessages: (messages: readonly StreamMessage[]) => void,
  ): Promise<{ readonly ended: Promise<string> }> {
    const response = await this.#send(
      'GET',
      '/events',
      resumeFrom ? { 'last-event-id': resumeFrom } : {},
      undefined,
      false,
    );
    let end = (_reason: string) => {};
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    let batch: StreamMessage[] = [];
    const reader = new SseReader((event, data) => {
      const message = parseEvent(event, data);
      if (message) batch.push(message);
    });
    const first = new Promise<void>((resolve, reject) => {
      const limit = this.#limit(() => response.destroy(new Error('it sent no greeting')));
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        try {
          reader.push(text);
          const messages = batch;
          batch = [];
          if (messages.length === 0) return;
          onMessages(messages);
          limit.clear();
          resolve();
          if (messages.some(({ kind }) => kind === 'closing')) {
            end('its process closes it');
            response.destroy();
          }
        } catch (error) {
          response.destroy(new Error('it sent what no registry sends', { cause: error }));
        }
      });
      response.on('error', (error) => reject(this.#unavailable(error.message, error)));
      response.once('close', () => {
        limit.clear();
        reject(this.#unavailable('it closed the connection'));
        end('it closed the connection');
      });
    });
    await first;
    return { ended };
  }

  /** Ends everything at once. */
  close(): void {
    for (const request of this.#pending) request.destroy();
    this.#agent?.destroy();
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' };
    const response = await this.#send(method, path, type, text, true);
    const answer = await this.#read(response);
    if (response.statusCode === 200) return answer;
    throw refusalOf(answer) ?? this.#unavailable(`it answered ${method} ${path} with status ${response.statusCode}`);
  }

  /** Sends a request and answers the response's head, if a registry has made it. */
  async #send(
    method: string,
    path: string,
    more: Readonly<Record<string, string>>,
    body: string | undefined,
    shared: boolean,
  ): Promise<IncomingMessage> {
    const http = await import('node:http');
    this.#agent ??= new http.Agent({ keepAlive: true, maxSockets: 4 });
    const { host, port, token } = this.#options;
    const credentials: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const request = http.request({
        agent: shared ? this.#agent : false,
        host,
        port,
        method,
        path: `/v${protocol}${path}`,
        headers: {
          ...more,
          ...credentials,
          [headers.holder]: this.#identity.holder,
          [headers.key]: this.#identity.key,
        },
      });
      this.#pending.add(request);
      const limit = this.#limit(() =>
        request.destroy(new Error(`no answer within ${this.#options.requestTimeoutMs} ms`)),
      );
      request.once('response', (response) => {
        // The agent's connections live on; the body of a shared request is still within its limit.
        if (shared) response.once('close', () => limit.clear());
        else limit.clear();
        const { statusCode } = response;
        if (response.headers[headers.registry] === protocol && (shared || statusCode === 200)) resolve(response);
        else {
          const other = response.headers[headers.registry] === undefined;
          if (!other && statusCode === 401) reject(new RegistryDeniedError(`${host}:${port}`));
          else reject(this.#unavailable(other ? 'something else answers there' : `status ${statusCode}`));
          response.destroy();
        }
      });
      request.on('error', (error) => {
        limit.clear();
        reject(this.#unavailable(error.message, error));
      });
      request.once('close', () => this.#pending.delete(request));
      request.end(body);
    });
  }

  #read(response: IncomingMessage): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_LENGTH) response.destroy(new Error('an answer without end'));
      });
      response.on('error', (error) => reject(this.#unavailable(error.message, error)));
      response.once('end', () => {
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          reject(this.#unavailable('it answered something that is not JSON', error));
        }
      });
      response.once('close', () => reject(this.#unavailable('it closed the connection')));
    });
  }

  #limit(expire: () => void): { clear(): void } {
    const { clock } = this.#env;
    const { requestTimeoutMs } = this.#options;
    const dueMs = clock.now() + requestTimeoutMs;
    let timer = clock.setTimer(() => {
      if (clock.now() - dueMs < STANDSTILL_MS) expire();
      else timer = clock.setTimer(expire, AFTER_STANDSTILL_MS);
    }, requestTimeoutMs);
    return { clear: () => clock.clearTimer(timer) };
  }

  #unavailable(problem: string, cause?: unknown): RegistryUnavailableError {
    return new RegistryUnavailableError(`${this.#options.host}:${this.#options.port}`, problem, cause);
  }
}
