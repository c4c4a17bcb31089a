/**
 * The HTTP round a served registry: by the socket of this user and, for reading, by the port of this machine; or by the port
 * alone, behind a token. Every body is bounded and checked, every refusal a problem document. A page in a browser cannot reach
 * it: bodies must be JSON, which browsers ask leave for first, in vain.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Env, problemDocument, problemType, UnsentAnswers } from '@fwk/kernel';
import type { Catalog } from '../catalog.js';
import { EventStreams } from './event-streams.js';
import { type Listening, listenAsRegistry } from './listen.js';
import type { LocalRegistryOptions } from './local-options.js';
import { addressCheck } from './networks.js';
import { problemOf } from './problem.js';
import { type Caller, type Channel, nameless, RegistryAccess } from './registry-access.js';
import { RegistryApi } from './registry-api.js';
import { readBody } from './request-body.js';
import { ServedRegistry } from './served-registry.js';
import { headers, type Known, protocol } from './wire.js';

/** A process that comes again has a new session, while its old one is still kept. */
const SESSIONS_PER_STREAM = 4;
/** Time a client may take to read an answer, and bytes of answers that all have not read yet. */
const SEND_LIMIT_MS = 10_000;
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** What a registry starts from. */
export interface Inheritance {
  readonly known: Known;
  /** The process that served it until now: its own instances are not expected back. */
  readonly holder: string | undefined;
}

/** A registry being served. */
export interface RegistryServer {
  readonly registry: ServedRegistry;
  readonly port: number;
  /** The socket by which programs of this user register; undefined where they do by the port. */
  readonly socket: string | undefined;
  /** Instances that it knew from the start. */
  readonly restored: number;
  /** Event streams that are open. */
  readonly streams: number;
  /** Frees the port and tells all clients at once, so that another process can take over. */
  close(): Promise<void>;
}

/**
 * Binds the port, opens the socket, and serves.
 * @param holder - the public name of this process.
 * @param inherit - asked what it starts from once the port is bound.
 * @param onChange - told of each change, with all that is known then.
 * @returns undefined when the port is taken, or the address is another machine's: then somebody else serves.
 * @throws the system's error when the port cannot be bound for another reason; RegistryUnavailableError when there is no
 * safe place for the socket.
 */
export async function openRegistry(
  holder: string,
  inherit: (() => Inheritance | undefined) | undefined,
  options: LocalRegistryOptions,
  env: Env,
  onChange: (catalog: Catalog) => void = () => {},
): Promise<RegistryServer | undefined> {
  const [{ randomUUID }, { Sessions }] = await Promise.all([import('node:crypto'), import('./sessions.js')]);
  const registry = new ServedRegistry(randomUUID(), holder, options, env, (change) => {
    streams.publish(change);
    onChange(registry.catalog);
  });
  const unsent = new UnsentAnswers(env.clock, SEND_LIMIT_MS, MAX_UNSENT_BYTES);
  const streams = new EventStreams(registry, options, env.clock);
  const sessions = new Sessions(options.token ?? '', options.maxStreams * SESSIONS_PER_STREAM);
  const checkAddress = addressCheck(options.networks, options.host, env.clock);
  const api = new RegistryApi({ registry, streams, sessions, checkAddress, clock: env.clock });
  let opened = (_access: RegistryAccess) => {};
  const access = new Promise<RegistryAccess>((resolve) => {
    opened = resolve;
  });
  const answer = async (request: IncomingMessage, response: ServerResponse, channel: Channel) => {
    let caller = nameless;
    try {
      const proven = (await access).admit(request, channel);
      const body = await readBody(request);
      caller = proven(body);
      const answered = api.answer({ request, response, body, caller });
      if (!answered) return;
      send(response, 200, answered, caller);
      unsent.watch(response);
    } catch (error) {
      refuse(response, error, env, caller);
    }
  };
  const listening = await listenAsRegistry(options, answer);
  if (!listening) return undefined;
  const { port, socket } = listening;
  const inherited = inherit?.();
  const believed = inherited?.known.entries.filter(({ instance }) => checkAddress(instance.address) === undefined);
  const restored = inherited ? registry.restore({ ...inherited.known, entries: believed ?? [] }, inherited.holder) : 0;
  opened(await RegistryAccess.of({ ...options, port }, sessions, socket));
  return {
    registry,
    port,
    socket,
    restored,
    get streams() {
      return streams.count;
    },
    close: () => close(listening, streams, registry),
  };
}

async function close(listening: Listening, streams: EventStreams, registry: ServedRegistry): Promise<void> {
  const closed = listening.close();
  streams.close();
  registry.close();
  await closed;
}

function refuse(response: ServerResponse, error: unknown, env: Env, caller: Caller): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = problemOf(error) ?? problemDocument(500, 'the registry could not answer');
  if (problem.status === 500) env.logger.error({ err: error }, problem.detail);
  // The rest of a body that nobody will read must not be taken for the next request.
  if (problem.status === 413) response.setHeader('connection', 'close');
  if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
  send(response, problem.status, problem, caller, problemType);
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  caller: Caller,
  type = 'application/json',
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...caller.proofOf(status, text),
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    [headers.registry]: protocol,
  });
  response.end(text);
}
