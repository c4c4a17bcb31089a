/** The Mux sessions of a server: how they begin, what they may cost, and how they end. */
import type { Socket } from 'node:net';
import { background, type Clock, type Meter, settleWithin, sleep, type UnsentAnswers } from '@fwk/kernel';
import { ServerSession, SessionSeries } from '@fwk/mux';
import { RequestError } from '../serving/request-error.js';
import type { Routes } from '../serving/routes.js';
import type { ServerDrain } from '../serving/server-parts.js';
import type { Peer } from '../wire/peer.js';
import { CallService, type CallServiceParts } from './call-service.js';
import { messageLimits } from './message-limits.js';
import { UnsentSessions } from './unsent-sessions.js';

/** What the sessions of a server share. */
export interface MuxSessionsParts {
  readonly routes: Routes;
  readonly bodyLimitBytes: number;
  readonly clock: Clock;
  readonly metrics: Meter;
  readonly logger: CallServiceParts['logger'];
  readonly drain: ServerDrain;
  /** How long a peer may take to open a session. */
  readonly receiveTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly unsent: UnsentAnswers;
  /** What answers tell of the server's load; undefined where nothing is told. */
  readonly load: (() => string) | undefined;
}

/** Most messages of a session that may be arriving in fragments at once. */
const maxPartial = 64;
/** How long a peer has to agree that it sends no more, in milliseconds. */
const drainMs = 500;
/** How often it is checked whether the calls of a peer that does not agree have been answered, in milliseconds. */
const lookEveryMs = 50;

/** See the head of this file. */
export class MuxSessions {
  readonly #parts: MuxSessionsParts;
  readonly #calls: CallServiceParts;
  readonly #series: SessionSeries;
  readonly #open = new Map<ServerSession, OpenSession>();
  #draining: Promise<void> | undefined;

  constructor(parts: MuxSessionsParts) {
    this.#parts = parts;
    this.#series = new SessionSeries(parts.metrics, { side: 'server' });
    const { routes, bodyLimitBytes, logger, clock, unsent, load } = parts;
    this.#calls = { routes, bodyLimitBytes, logger, load, unsent: new UnsentSessions(clock, unsent) };
    // Callers go elsewhere at once, before registries have told them that this instance is about to stop.
    parts.drain.onDrain(() => {
      for (const session of this.#open.keys()) session.lease(0);
    });
  }

  /** Begins a session on a connection. */
  begin(socket: Socket, address: string, peerOf: () => Peer | undefined): void {
    const { clock, bodyLimitBytes, receiveTimeoutMs, sendTimeoutMs } = this.#parts;
    const arriving = messageLimits(bodyLimitBytes);
    const service = new CallService(this.#calls, address, peerOf);
    const opened: OpenSession = { service, onEnd: undefined };
    const options = {
      clock,
      peer: `${address}:${socket.remotePort ?? 0}`,
      ...arriving,
      maxFrameBytes: arriving.maxMessageBytes,
      sendTimeoutMs,
      maxPartial,
      series: this.#series,
      onEnd: () => {
        this.#open.delete(session);
        clock.clearTimer(opening);
        opened.onEnd?.();
        this.#calls.unsent.remove(session);
      },
    };
    const session: ServerSession = new ServerSession(socket, options, service);
    const opening = clock.setTimer(() => void (session.opened || session.close()), receiveTimeoutMs, true);
    this.#open.set(session, opened);
    this.#calls.unsent.add(session, socket);
    if (this.#parts.drain.draining) session.lease(0);
    if (this.#draining) void this.#drainOne(session, opened);
  }

  /**
   * Asks all peers to send no more. Each session counts as work under way until all its answers have been sent.
   * @returns settles when only sessions with calls under way are left
   */
  drain(): Promise<void> {
    this.#draining ??= Promise.all([...this.#open].map(([session, opened]) => this.#drainOne(session, opened))).then(
      () => {},
    );
    return this.#draining;
  }

  async #drainOne(session: ServerSession, opened: OpenSession): Promise<void> {
    const { clock, drain } = this.#parts;
    const held = drain.track('a Mux session');
    const ended = new Promise<void>((resolve) => {
      opened.onEnd = () => {
        held[Symbol.dispose]();
        resolve();
      };
    });
    session.drain();
    await settleWithin(ended, { clock, limitMs: drainMs, late: () => void this.#force(session, opened) });
  }

  /** Refuses further calls of a peer that has not agreed in time, and ends the session when those under way are answered. */
  async #force(session: ServerSession, { service }: OpenSession): Promise<void> {
    service.refusal = stopping();
    while (!session.ended) {
      if (session.inFlight === 0 && session.unsentBytes === 0) session.close();
      else await sleep(this.#parts.clock, lookEveryMs, background);
    }
  }
}

/** A session with what serves its calls. */
interface OpenSession {
  readonly service: CallService;
  onEnd: (() => void) | undefined;
}

function stopping(): RequestError {
  return new RequestError('FWK_HTTP_STOPPING', 'the server is stopping; ask another instance', {
    members: { notProcessed: true },
  });
}
