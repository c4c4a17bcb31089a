/**
 * A server on `node:http`: it listens, bounds what connections may cost, and ends them. `node:http` is loaded when the first
 * server starts, so that programs that only call pay nothing.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { clusterWorker } from '@fwk/core';
import {
  abandonOnCancel,
  background,
  type CallContext,
  type Cancellation,
  cancellable,
  disposeAll,
  type FollowedTls,
  followTls,
  type HealthReport,
  oneByOne,
  sleep,
} from '@fwk/kernel';
import { serveLocally } from '../local/local-group.js';
import { LocalServer } from '../local/local-server.js';
import { probeHandlers } from '../serving/probe-routes.js';
import { type Routes, routesOf } from '../serving/routes.js';
import type { ServedScope } from '../serving/served-scope.js';
import type { ServerParts } from '../serving/server-parts.js';
import { trustCheck } from '../serving/trusted-networks.js';
import { httpProtocol, muxProtocol } from '../wire/alpn.js';
import { Connections } from './connections.js';
import { Dispatcher } from './dispatcher.js';
import type { HttpWire } from './http-request.js';
import type { HttpServer } from './http-server.js';
import { listenFailure, ServerUsedError } from './listen-errors.js';
import { type Listeners, openListeners } from './listeners.js';
import { MuxListener } from './mux-listener.js';
import { answerParseFailure, isGivenUp } from './parse-failure.js';
import { serverMaker } from './server-maker.js';
import type { ServerOptions } from './server-options.js';
import type { CheckedServerTls } from './server-tls.js';
import { chooseByAlpn, chooseByFirstByte, type TakeConnection } from './wire-choice.js';

/** Time for the first request of connections that a worker of a cluster was handed before it closed, in milliseconds. */
const firstRequestMs = 250;

/** How often Node looks for requests that arrive too slowly, in milliseconds: by so much a limit may be passed. */
const limitCheckMs = 500;

/** See the head of this file. */
export class NodeServer implements HttpServer {
  readonly host: string;
  readonly socketPath: string | undefined;
  readonly contracts: readonly string[];
  readonly wires: readonly string[] | undefined;
  readonly scopes: readonly ServedScope[];
  readonly #settings: ServerOptions;
  readonly #parts: Omit<ServerParts, 'trusts'>;
  readonly #wire: HttpWire;
  readonly #connections: Connections;
  readonly #tls: CheckedServerTls | undefined;
  /** Takes calls of the process's own. */
  readonly #local: LocalServer;
  /** Made when it starts. */
  #routes: Routes | undefined;
  #followed: FollowedTls | undefined;
  /** The end of what a start that failed had begun. */
  #abandoned: Promise<void> | undefined;
  #listeners: Listeners | undefined;
  #mux: MuxListener | undefined;
  #port = 0;
  #used: 'started' | 'closed' | undefined;
  /** A start that is under way. */
  #starting: { readonly cancellation: Cancellation; readonly opening: Promise<Listeners> } | undefined;
  #stopped: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    settings: ServerOptions,
    tls: CheckedServerTls | undefined,
    scopes: readonly ServedScope[],
    parts: Omit<ServerParts, 'trusts'>,
    wire: HttpWire,
  ) {
    this.scopes = scopes;
    const { maxConnections } = settings;
    this.socketPath = settings.socketPath;
    this.host = settings.socketPath === undefined ? settings.host : '';
    this.contracts = settings.serve.map(({ contract }) => `${contract.name}@${contract.version}`);
    // Over Mux operations are called by name. Two versions of a contract share names, so Mux is not announced for them.
    const names = settings.serve.map(({ contract }) => contract.name);
    this.wires = settings.mux && new Set(names).size === names.length ? ['http', 'mux'] : undefined;
    this.#settings = settings;
    this.#parts = parts;
    this.#wire = wire;
    this.#tls = tls;
    this.#followed = tls && followTls('server', tls.sources, parts.env);
    this.#local = new LocalServer({
      bodyLimitBytes: settings.bodyLimitBytes,
      logger: parts.env.logger,
      load: parts.load,
    });
    parts.drain.onDrain(() => {
      this.#local.draining = true;
    });
    // Callers in the process have no certificates to show.
    if (!tls || tls.own.clientCertificate === 'none') {
      serveLocally(this, { server: this.#local, contracts: names, versions: this.contracts });
    }
    this.#connections = new Connections(maxConnections, () =>
      parts.env.logger.warn({ maxConnections }, 'as many connections as allowed are open; further ones are closed'),
    );
  }

  get port(): number {
    return this.#port;
  }

  get listening(): boolean {
    return this.#listeners !== undefined && !this.stopping;
  }

  get url(): string {
    if (!this.#settings.listen) return 'local:';
    if (this.socketPath !== undefined) return `unix:${this.socketPath}`;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `${this.#tls ? 'https' : 'http'}://${host}:${this.port}`;
  }

  get tlsHealth(): HealthReport | undefined {
    return this.#followed?.health();
  }

  /** True from the moment on which nothing more is accepted. */
  get stopping(): boolean {
    return this.#stopped !== undefined;
  }

  async start(context: CallContext = background): Promise<void> {
    const { host, port, socketPath } = this.#settings;
    if (this.#used) throw new ServerUsedError(this.#used);
    this.#used = 'started';
    const { context: own, cancellation } = cancellable(context);
    const opening = this.#open(own);
    this.#starting = { cancellation, opening };
    try {
      this.#listeners = await abandonOnCancel(own, opening);
    } catch (error) {
      if (this.#used === 'started') this.#used = undefined;
      this.#abandoned = closeLate(opening);
      if (own.cancelled) throw error;
      throw listenFailure(socketPath === undefined ? { host, port } : { path: socketPath }, error);
    } finally {
      this.#starting = undefined;
      cancellation[Symbol.dispose]();
    }
    this.#port = this.#listeners.port;
    if (this.#routes) this.#local.begin(this.#routes);
  }

  stopAccepting(): Promise<void> {
    this.#local.leave();
    if (!this.#listeners) return Promise.resolve();
    this.#stopped ??= this.#stop(this.#listeners);
    return this.#stopped;
  }

  async close(): Promise<void> {
    this.#used = 'closed';
    const starting = this.#starting;
    starting?.cancellation.cancel(new ServerUsedError('closed'));
    const stopped = this.stopAccepting();
    this.#connections.endAll();
    this.#local.close();
    this.#followed?.[Symbol.dispose]();
    // What it still opens is closed again before anybody is told that nothing is left.
    await (starting ? closeLate(starting.opening) : this.#abandoned);
    await stopped;
    await this.#closed;
    await disposeAll(this.scopes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stop(listeners: Listeners): Promise<void> {
    this.#port = 0;
    this.#parts.streams.close();
    const { clock } = this.#parts.env;
    if (clusterWorker()) {
      // The primary hands over connections that clients have opened already: their first bytes are still to be read.
      listeners.stop();
      await sleep(clock, firstRequestMs, background);
    }
    this.#closed = listeners.close();
    await Promise.all([this.#connections.endUnused(clock), this.#mux?.drain()]);
  }

  async #open(context: CallContext): Promise<Listeners> {
    const { host, port, socketPath, socketMode } = this.#settings;
    const parts: ServerParts = { ...this.#parts, trusts: await trustCheck(this.#settings.trustedNetworks) };
    const scoped = this.#settings.serve.map((each, index) => [each, this.scopes[index] as ServedScope] as const);
    const routes = routesOf(scoped, probeHandlers(this.#settings, parts.load?.text), parts);
    this.#routes = routes;
    if (!this.#settings.listen) return withoutPort;
    const make = await this.#build(routes);
    if (socketPath === undefined) return openListeners(make, host, port);
    const { openSocketListener } = await import('./socket-listener.js');
    return openSocketListener(make(), socketPath, socketMode, this.#parts.env, context);
  }

  /** Returns a function that makes a server for one address. */
  async #build(routes: Routes): Promise<() => Server> {
    const { receiveTimeoutMs, keepAliveTimeoutMs } = this.#settings;
    const protocols = this.#settings.mux ? [muxProtocol, httpProtocol] : [httpProtocol];
    const makeServer = await serverMaker(this.#followed, this.#tls?.own.clientCertificate !== 'none', protocols);
    const connections = this.#connections;
    const mux = this.#settings.mux ? this.#listenForMux(routes) : undefined;
    const dispatcher = new Dispatcher(routes, this.#wire, this.#parts.env.logger);
    const limits = {
      headersTimeout: receiveTimeoutMs,
      requestTimeout: receiveTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: limitCheckMs,
      // Looked at by us, so that its refusal is a problem document too.
      requireHostHeader: false,
    };
    return () => {
      const dispatch = oneByOne((request, response) => {
        if (!isGivenUp(response)) dispatcher.dispatch(request, response);
      });
      const server = makeServer(limits, (request, response) => {
        connections.begin(response);
        dispatch(request, response);
      });
      // A refusal of the body goes out before the caller is told to send it.
      server.on('checkContinue', (request, response) => server.emit('request', request, response));
      server.on('checkExpectation', (request, response) => server.emit('request', request, response));
      server.on('clientError', (error, socket) => {
        // A failed handshake: there is nobody who could read an answer.
        if (this.#tls && !connections.knows(socket as Socket)) socket.destroy();
        else answerParseFailure(error, socket as Socket, connections);
      });
      server.on('connect', (_request, socket: Socket) => {
        // Node has let go of the connection, so answers that are owed on it could not be sent whole.
        if (connections.owedOn(socket)) socket.destroy();
        else answerParseFailure(noTunnel, socket, connections);
      });
      const { clock } = this.#parts.env;
      const silence = { limits: this.#parts.limits, limitMs: receiveTimeoutMs };
      if (this.#tls) {
        const begin = mux ? chooseByAlpn(server, mux) : nothingMore;
        connections.watchSecure(server, clock, this.#tls.own.handshakeTimeoutMs, begin);
      } else connections.watch(server, mux ? chooseByFirstByte(server, silence, mux) : nothingMore);
      return server;
    };
  }

  #listenForMux(routes: Routes): TakeConnection {
    const { bodyLimitBytes, receiveTimeoutMs, sendTimeoutMs } = this.#settings;
    const { env, drain, load } = this.#parts;
    const { clock, logger, metrics } = env;
    const { unsent, callerAddress, peerOf } = this.#wire;
    const limits = { bodyLimitBytes, receiveTimeoutMs, sendTimeoutMs };
    const listener = new MuxListener({
      routes,
      clock,
      logger,
      metrics,
      drain,
      unsent,
      load: load?.text,
      callerAddress,
      peerOf,
      ...limits,
    });
    this.#mux = listener;
    return (socket) => {
      this.#connections.handOver(socket);
      void listener.take(socket);
    };
  }
}

/** What a server has that takes calls of its own process alone. */
const withoutPort: Listeners = Object.freeze({ port: 0, stop() {}, close: () => Promise.resolve() });

/** Closes what is opened after nobody wants it any more. */
async function closeLate(opening: Promise<Listeners>): Promise<void> {
  const late = await opening.catch(() => undefined);
  await late?.close();
}

/** Node's own listener has the connection already. */
function nothingMore(): void {}

const noTunnel = new Error('CONNECT is not served');
