/**
 * How one process speaks to the registry of its machine, over `node:http` with kept connections. Every request has a
 * limit. A limit that runs out late, because this process itself stood still, is given a little more: the answer is most
 * likely waiting in the socket.
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Env, FwkError } from '@fwk/kernel';
import { RegistryUnavailableError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { Override } from '../../override.js';
import type { LocalRegistryOptions } from './local-options.js';
import { refusalOf } from './refusals.js';
import type { Identity } from './served-registry.js';
import { SseReader } from './sse-reader.js';
import { StreamIntake, type StreamMessage } from './stream-intake.js';
import { headers, objectOf, parseEvent, parseIds, protocol } from './wire.js';

const MAX_ANSWER_LENGTH = 4 * 1024 * 1024;
/** A timer that fires this late tells of our own standstill. */
const STANDSTILL_MS = 100;
const AFTER_STANDSTILL_MS = 250;
/**
 * Renewals answered while nothing comes on the stream, after which it is taken for dead. At their pace of three a lease
 * that is four leases, each of which would have brought a comment. A registry that hangs answers none, and its stream stays.
 */
const MAX_UNHEARD_RENEWALS = 12;

/** Requests to one registry. All reject with {@link RegistryUnavailableError} or the registry's own typed refusal. */
export class RegistryClient {
  readonly #identity: Identity;
  readonly #options: LocalRegistryOptions;
  readonly #env: Env;
  readonly #pending = new Set<ClientRequest>();
  #agent: Agent | undefined;
  #stream: IncomingMessage | undefined;
  /** Renewals answered since the stream was last heard. */
  #unheard = 0;
  #closed = false;

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
    if (++this.#unheard > MAX_UNHEARD_RENEWALS)
      this.#stream?.destroy(new Error('it answers, but its stream is silent'));
    return parseIds(unknown, ids.length);
  }

  /**
   * Opens the event stream.
   * @param resumeFrom - `epoch:version` of what is known.
   * @param onMessages - told of all messages of one chunk at once. What it throws ends the stream.
   * @returns once the registry has said who it is; `ended` resolves with the reason when the stream is over.
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
    if (response.statusCode !== 200) throw await this.#refusal(response, 'GET /events');
    this.#stream = response;
    this.#unheard = 0;
    let end = (_reason: string) => {};
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    let batch: StreamMessage[] = [];
    const intake = new StreamIntake();
    const reader = new SseReader((name, data) => {
      const event = parseEvent(name, data);
      if (event) batch.push(...intake.take(event));
    });
    const first = new Promise<void>((resolve, reject) => {
      const limit = this.#limit(() => response.destroy(new Error('it sent no greeting')));
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        this.#unheard = 0;
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
      response.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET') end(error.message);
        reject(this.#unavailable(error.message, error));
      });
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
    this.#closed = true;
    for (const request of this.#pending) request.destroy();
    this.#agent?.destroy();
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' };
    const response = await this.#send(method, path, type, text, true);
    if (response.statusCode !== 200) throw await this.#refusal(response, `${method} ${path}`);
    return this.#read(response);
  }

  async #refusal(response: IncomingMessage, request: string): Promise<FwkError> {
    const answer = await this.#read(response);
    return refusalOf(answer) ?? this.#unavailable(`it answered ${request} with status ${response.statusCode}`);
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
    if (this.#closed) throw this.#unavailable('it was closed by this process');
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
        // The agent's connections live on; a body that ends is still within the limit.
        if (shared || response.statusCode !== 200) response.once('close', () => limit.clear());
        else limit.clear();
        const spoken = response.headers[headers.registry];
        if (spoken === protocol) resolve(response);
        else {
          reject(
            this.#unavailable(spoken === undefined ? 'something else answers there' : 'it speaks another protocol'),
          );
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
