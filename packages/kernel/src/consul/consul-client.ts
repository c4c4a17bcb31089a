/**
 * How one process speaks to its Consul agent, over `node:http` with kept connections. Every request has a limit, ends at
 * once with its context, and fails when its answer is cut off or has no end; why this is not the `consul` package is told
 * in docs/decisions/0007-consul-over-node-http.md.
 *
 * Questions that Consul holds until something changes have connections of their own, so that they never stand in the way
 * of the short ones that keep instances alive.
 */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { AgentOptions } from 'node:https';
import type { HealthReport } from '../component/component.js';
import { background, type CallContext } from '../context/call-context.js';
import { jsonFault } from '../json/parse-json.js';
import type { Env } from '../service/service.js';
import { type FollowedTls, followTls } from '../tls/follow-tls.js';
import type { TlsMaterial } from '../tls/tls-material.js';
import type { ConsulAgentOptions } from './agent-options.js';
import { type ConsulAddress, consulAddressOf } from './consul-address.js';
import { canChange, type TokenSource } from './token-source.js';

const MAX_ANSWER_LENGTH = 64 * 1024 * 1024;
/** Enough for the renewals of a process; more would only queue up in the agent. */
const SHORT_CONNECTIONS = 4;
/** As much of Consul's own words as a message takes. */
const MAX_REASON_LENGTH = 200;

/** One request to the agent. */
export interface Question {
  readonly method?: 'GET' | 'PUT';
  /** Below `/v1`, with everything encoded: `/health/service/inventory`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Statuses that are answers too, besides 200. */
  readonly also?: readonly number[];
  /** How long Consul may hold the question. @defaultValue 0, it answers at once */
  readonly heldMs?: number;
  /** Whether only Consul's leader may answer a blocking query, so that no answer is older than the one before. @defaultValue false */
  readonly consistent?: boolean;
  readonly context?: CallContext;
}

/** What the agent answered. */
export interface ConsulAnswer {
  readonly status: number;
  readonly text: string;
  /** `X-Consul-Index`: the state that the answer shows; undefined where there is none. */
  readonly index: number | undefined;
  /** False while Consul's servers have no leader, so that the answer may be old. */
  readonly led: boolean;
}

/** The errors of whoever asks. */
export interface ConsulErrors {
  /**
   * The agent does not answer, or not as an agent does.
   * @param place - where it is expected: `127.0.0.1:8500`.
   * @param problem - what happened instead.
   */
  unavailable(place: string, problem: string, cause?: unknown): Error;
  /**
   * It does not accept the token.
   * @param said - Consul's own words.
   * @param mayChange - whether another request may be sent with another token.
   */
  refused(place: string, said: string, mayChange: boolean): Error;
}

/** The part of the client that sends requests. Tests use a scripted one. */
export type AskConsul = Pick<ConsulClient, 'ask' | 'json' | 'parse' | 'unavailable'>;

/** Requests to one agent; all reject with one of the {@link ConsulErrors}, or with the context's own reason. */
export class ConsulClient {
  readonly #options: ConsulAgentOptions;
  readonly #address: ConsulAddress;
  readonly #token: TokenSource;
  readonly #env: Env;
  readonly #errors: ConsulErrors;
  readonly #pending = new Set<ClientRequest>();
  readonly #agents = new Map<'short' | 'held', Agent>();
  #tls: FollowedTls | undefined;
  /** What the agents connect with. */
  #material: TlsMaterial | undefined;
  #closed = false;

  constructor(options: ConsulAgentOptions, token: TokenSource, env: Env, errors: ConsulErrors) {
    this.#options = options;
    this.#address = consulAddressOf(options);
    this.#token = token;
    this.#env = env;
    this.#errors = errors;
  }

  /** Health of the TLS files; undefined without TLS options. */
  get tlsHealth(): HealthReport | undefined {
    return this.#tls?.health();
  }

  /**
   * Reads the TLS files; call it before the first request.
   * @throws TlsInvalidError `FWK_KERNEL_TLS_INVALID` when they cannot be used.
   */
  open(): void {
    const { tls } = this.#options;
    if (tls === undefined || this.#tls || this.#closed) return;
    const { serverName: _serverName, verify: _verify, ...sources } = tls;
    this.#tls = followTls(`consul ${this.#address.label}`, sources, this.#env);
  }

  /** Asks and answers the whole body. */
  async ask(question: Question): Promise<ConsulAnswer> {
    const { context = background, also = [] } = question;
    if (context.cancelled) throw context.reason;
    const token = await this.#token.read();
    const answer = await this.#send(question, token, context);
    if (answer.status === 200 || also.includes(answer.status)) return answer;
    if (answer.status !== 403) throw this.unavailable(refusal(answer));
    throw this.#errors.refused(this.#address.label, wordsOf(answer), canChange(this.#options));
  }

  /** Asks and answers the parsed body. */
  async json(question: Question): Promise<unknown> {
    return this.parse((await this.ask(question)).text);
  }

  /**
   * Does not look for dangerous keys, unlike what is read elsewhere: one service's metadata would make the whole list
   * unreadable. Whoever reads the entries refuses the one that has such a key.
   * @throws one of the {@link ConsulErrors} when it is not JSON.
   */
  parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.unavailable(`its answer ${jsonFault(error)}`, error);
    }
  }

  /** An error that says what the agent did instead of answering. */
  unavailable(problem: string, cause?: unknown): Error {
    return this.#errors.unavailable(this.#address.label, problem, cause);
  }

  /** Ends everything at once. */
  close(): void {
    this.#closed = true;
    for (const request of this.#pending) request.destroy();
    for (const agent of this.#agents.values()) agent.destroy();
    this.#tls?.[Symbol.dispose]();
  }

  async #send(question: Question, token: string | undefined, context: CallContext): Promise<ConsulAnswer> {
    const { method = 'GET', heldMs = 0, body } = question;
    const { secure, socketPath } = this.#address;
    const url = this.#url(question);
    const { request: open, Agent: AgentClass } = secure ? await import('node:https') : await import('node:http');
    if (this.#closed) throw this.unavailable('it was closed by this process');
    const agent = this.#agentFor(heldMs > 0 ? 'held' : 'short', AgentClass);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { auth } = this.#options;
    const options: RequestOptions = {
      agent,
      method,
      ...(socketPath !== undefined && { socketPath }),
      ...(auth !== undefined && { auth }),
      headers: {
        ...(token !== undefined && { 'x-consul-token': token }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
      },
    };
    return new Promise((resolve, reject) => {
      const request = open(url, options);
      this.#pending.add(request);
      const limitMs = this.#options.requestTimeoutMs + heldMs;
      const timer = this.#env.clock.setTimer(() => {
        request.destroy(new Error(`no answer within ${Math.round(limitMs)} ms`));
      }, limitMs);
      const cancelled = context.onCancel((reason) => {
        this.#env.clock.clearTimer(timer);
        // First, because destroying makes an error of its own.
        reject(reason);
        request.destroy();
      });
      // At once, and not only when the connection is free again: nothing is left behind an answer.
      const end = () => {
        this.#env.clock.clearTimer(timer);
        cancelled[Symbol.dispose]();
      };
      const answer = (answered: ConsulAnswer) => {
        end();
        resolve(answered);
      };
      request.once('response', (response) => this.#read(response, answer, reject));
      request.on('error', (error) => reject(this.unavailable(wordsFor(error), error)));
      request.once('close', () => {
        end();
        this.#pending.delete(request);
        reject(this.unavailable('it closed the connection'));
      });
      request.end(text);
    });
  }

  #url({ path, query = {} }: Question): URL {
    const { namespace, partition } = this.#options;
    const url = new URL(`${this.#address.base}/v1${path}`);
    if (namespace !== undefined) url.searchParams.set('ns', namespace);
    if (partition !== undefined) url.searchParams.set('partition', partition);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return url;
  }

  /** Changed certificates need new connections; requests that are under way end on the old ones. */
  #agentFor(use: 'short' | 'held', AgentClass: typeof Agent): Agent {
    const material = this.#tls?.material.value;
    if (material !== this.#material) {
      for (const old of this.#agents.values()) retire(old);
      this.#agents.clear();
      this.#material = material;
    }
    let agent = this.#agents.get(use);
    if (!agent) {
      const maxSockets = use === 'held' ? Number.POSITIVE_INFINITY : SHORT_CONNECTIONS;
      const { serverName, verify } = this.#options.tls ?? {};
      const options: AgentOptions = {
        keepAlive: true,
        maxSockets,
        ...(material && { secureContext: material.secureContext }),
        ...(serverName !== undefined && { servername: serverName }),
        ...(verify === false && { rejectUnauthorized: false }),
      };
      agent = new AgentClass(options);
      this.#agents.set(use, agent);
    }
    return agent;
  }

  /** Settles directly and not through a promise of its own, which the request's `close` would overtake. */
  #read(response: IncomingMessage, resolve: (answer: ConsulAnswer) => void, reject: (error: unknown) => void): void {
    const parts: string[] = [];
    let length = 0;
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      parts.push(part);
      length += part.length;
      if (length > MAX_ANSWER_LENGTH) response.destroy(new Error('an answer without end'));
    });
    response.on('error', (error) => reject(this.unavailable(wordsFor(error), error)));
    response.once('end', () => {
      const { statusCode: status = 0, headers } = response;
      const index = headers['x-consul-index'];
      const led = headers['x-consul-knownleader'] !== 'false';
      resolve({ status, text: parts.join(''), index: indexOf(index), led });
    });
  }
}

/** Keeps no connection that falls free from now on. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

function indexOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** What Consul says in an answer that is no success, cut to what a message takes. */
export function wordsOf({ text }: ConsulAnswer): string {
  return text.trim().slice(0, MAX_REASON_LENGTH);
}

function refusal(answer: ConsulAnswer): string {
  const said = wordsOf(answer);
  return `it answered with status ${answer.status}${said && `: ${said}`}`;
}

/** An error of several addresses has no message of its own. */
function wordsFor(error: Error & { readonly code?: unknown }): string {
  return error.message || String(error.code);
}
