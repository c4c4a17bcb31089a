/**
 * How one process speaks to the registry of its machine: in a session, so that each knows that it is the other who speaks.
 * An answer that is not proven is not believed, whatever it says.
 */
import type { IncomingMessage } from 'node:http';
import type { Env } from '@fwk/kernel';
import type { Instance } from '../../instance.js';
import type { Override } from '../../override.js';
import { type ClientSession, openSession, type Signed } from './client-session.js';
import { explainMissing } from './foreign-registry.js';
import type { LocalRegistryOptions } from './local-options.js';
import { ProvenEvents } from './proven-events.js';
import { refusalOf } from './refusals.js';
import type { Registrant } from './session.js';
import { SseReader } from './sse-reader.js';
import { StreamIntake, type StreamMessage } from './stream-intake.js';
import { Transport } from './transport.js';
import { headers, objectOf, parseEvent, parseIds, protocol, streamBody } from './wire.js';

/**
 * Renewals answered while nothing comes on the stream, after which it is taken for dead. At their pace of three a lease
 * that is four leases, each of which would have brought a comment. A registry that hangs answers none, and its stream stays.
 */
const MAX_UNHEARD_RENEWALS = 12;

/** Requests to one registry. All reject with RegistryUnavailableError or the registry's own typed refusal. */
export class RegistryClient {
  readonly #registrant: Registrant;
  readonly #options: LocalRegistryOptions;
  readonly #transport: Transport;
  /** The session with the registry that was joined last. */
  #session: Promise<ClientSession> | undefined;
  #stream: IncomingMessage | undefined;
  /** Renewals answered since the stream was last heard. */
  #unheard = 0;

  constructor(registrant: Registrant, options: LocalRegistryOptions, env: Env) {
    this.#registrant = registrant;
    this.#options = options;
    this.#transport = new Transport(options, env);
  }

  /** Opens a session, to find out whether there is a registry that takes this process. */
  async join(): Promise<void> {
    await this.#joined();
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
   * Opens the event stream, in a session of its own: another registry may answer than before.
   * @param resumeFrom - `epoch:version` of what is known.
   * @param onMessages - told of all messages of one chunk at once. What it throws ends the stream.
   * @returns once the registry has said who it is; `ended` resolves with the reason when the stream is over.
   */
  async watch(
    resumeFrom: string | undefined,
    onMessages: (messages: readonly StreamMessage[]) => void,
  ): Promise<{ readonly ended: Promise<string> }> {
    this.#session = undefined;
    this.#transport.forgetPlace();
    const { response, signed } = await this.#openStream(resumeFrom ?? '');
    this.#stream = response;
    this.#unheard = 0;
    let end = (_reason: string) => {};
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    let batch: StreamMessage[] = [];
    const intake = new StreamIntake();
    const take = (name: string, data: string) => {
      const event = parseEvent(name, data);
      if (event) batch.push(...intake.take(event, data.length));
    };
    const proven = signed.isPiece && new ProvenEvents(signed.isPiece, take);
    const reader = proven
      ? new SseReader(
          (...event) => proven.take(...event),
          (text) => proven.comment(text),
        )
      : new SseReader(take);
    let heard = proven?.pieces;
    const first = new Promise<void>((resolve, reject) => {
      const limit = this.#transport.limit(() => response.destroy(new Error('it sent no greeting')));
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        try {
          reader.push(text);
          if (!proven || proven.pieces !== heard) this.#unheard = 0;
          heard = proven?.pieces;
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
        reject(this.#transport.unavailable(error.message, error));
      });
      response.once('close', () => {
        limit.clear();
        reject(this.#transport.unavailable('it closed the connection'));
        end('it closed the connection');
      });
    });
    await first;
    return { ended };
  }

  /** Ends everything at once. */
  close(): void {
    this.#transport.close();
  }

  async #openStream(resumeFrom: string): Promise<{ readonly response: IncomingMessage; readonly signed: Signed }> {
    const path = `/v${protocol}/events`;
    const session = await this.#joined();
    const signed = session.sign('GET', path, '', resumeFrom);
    const response = await this.#transport.send({ method: 'GET', path, headers: signed.headers, streams: true });
    if (response.statusCode !== 200) throw await this.#refusal(response, signed, 'GET /events');
    if (signed.isAnswer(200, streamBody, response.headers[headers.proof])) return { response, signed };
    response.destroy();
    throw this.#unproven();
  }

  async #ask(method: string, resource: string, given?: unknown): Promise<unknown> {
    const path = `/v${protocol}${resource}`;
    const body = given === undefined ? undefined : JSON.stringify(given);
    for (let attempt = 1; ; attempt++) {
      const session = await this.#joined();
      const signed = session.sign(method, path, body);
      const response = await this.#transport.send({ method, path, headers: signed.headers, body });
      // Another registry than the one that was joined has no such session, and has done nothing.
      if (response.statusCode === 401 && attempt === 1) {
        response.resume();
        this.#session = undefined;
        continue;
      }
      if (response.statusCode !== 200) throw await this.#refusal(response, signed, `${method} ${resource}`);
      const text = await this.#transport.read(response);
      if (!signed.isAnswer(200, text, response.headers[headers.proof])) throw this.#unproven();
      return this.#transport.parse(text);
    }
  }

  /** The session with the registry that is there. */
  async #joined(): Promise<ClientSession> {
    const { host, port, token = '' } = this.#options;
    this.#session ??= openSession(this.#transport, this.#registrant, token, `${host}:${port}`);
    const opening = this.#session;
    try {
      return await opening;
    } catch (error) {
      if (this.#session === opening) this.#session = undefined;
      throw await explainMissing(error, this.#transport, this.#options);
    }
  }

  async #refusal(response: IncomingMessage, signed: Signed, request: string): Promise<Error> {
    const { statusCode: status = 0 } = response;
    const text = await this.#transport.read(response);
    if (status === 401)
      return this.#transport.unavailable('it does not know the session; another one has taken its place');
    if (!signed.isAnswer(status, text, response.headers[headers.proof])) return this.#unproven();
    const problem = `it answered ${request} with status ${status}`;
    return refusalOf(this.#transport.parse(text)) ?? this.#transport.unavailable(problem);
  }

  #unproven(): Error {
    return this.#transport.unavailable('its answer does not prove that it comes from the registry that was joined');
  }
}
