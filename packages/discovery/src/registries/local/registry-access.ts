/**
 * Who may ask a registry what. Whoever registers, renews or takes out needs a session: by the socket, or with the token, or
 * where there is neither by the port of this machine. Lists are read without one: by this machine where there is no token,
 * and by people who show the token (`Authorization: Bearer`) where there is one; our own clients never send it.
 */
import type { IncomingMessage } from 'node:http';
import { bearerCheck, headFaultOf, hostNameOf, isLoopback } from '@fwk/kernel';
import { RegistryDeniedError } from '../../errors.js';
import type { Seal } from './event-stream.js';
import type { LocalRegistryOptions } from './local-options.js';
import { Refusal } from './request-body.js';
import type { Identity } from './session.js';
import type { Session, Sessions } from './sessions.js';
import { frameProof, headers } from './wire.js';

/** How a request came: by the socket of this user, or by the port. */
export type Channel = 'socket' | 'port';

/** Who asks, as far as it is proven. */
export interface Caller {
  /** Undefined for whoever only reads. */
  readonly identity: Identity | undefined;
  /** Headers by which the caller knows that the registry itself has answered. */
  proofOf(status: number, body: string): Readonly<Record<string, string>>;
  /** The same for a stream of events; absent where nothing is proven. */
  seal?(): Seal;
}

/** Somebody who has proven nothing. */
export const nameless: Caller = Object.freeze({ identity: undefined, proofOf: () => ({}) });

/** The rules of one served registry. */
export class RegistryAccess {
  readonly #place: string;
  readonly #sessions: Sessions;
  /** The socket by which this user's programs come; undefined where there is none. */
  readonly #socket: string | undefined;
  readonly #holdsToken: ((authorization: string | undefined) => boolean) | undefined;

  private constructor(
    place: string,
    sessions: Sessions,
    socket: string | undefined,
    holdsToken: ((authorization: string | undefined) => boolean) | undefined,
  ) {
    this.#place = place;
    this.#sessions = sessions;
    this.#socket = socket;
    this.#holdsToken = holdsToken;
  }

  static async of({ host, port, token }: LocalRegistryOptions, sessions: Sessions, socket: string | undefined) {
    const holdsToken = token === undefined ? undefined : await bearerCheck(token);
    return new RegistryAccess(`${host}:${port}`, sessions, socket, holdsToken);
  }

  /**
   * Lets a request in, before its body is read.
   * @returns what tells who asks, once the body is there.
   * @throws Refusal 400 without one valid Host, 421 for a foreign name, 403 for a change by the port where there is a socket
   * or by a page of another site, 401 without a session; RegistryDeniedError without the token.
   */
  admit(request: IncomingMessage, channel: Channel): (body: Buffer) => Caller {
    const writes = request.method !== 'GET';
    const fault = headFaultOf(request);
    if (fault) throw new Refusal(fault.status, fault.message);
    if (channel === 'port' && !this.#holdsToken) {
      // A web page could come in by a name of its own that leads here.
      if (!isLoopback(hostNameOf(request.headers.host))) {
        throw new Refusal(421, 'this registry serves its own machine, under a loopback name');
      }
      if (writes && this.#socket !== undefined) {
        throw new Refusal(
          403,
          `the port is for reading; programs of this user register by ${this.#socket}, others need a token`,
        );
      }
    }
    const id = request.headers[headers.session];
    if (typeof id === 'string') {
      if (channel === 'port' && this.#socket !== undefined) {
        throw new Refusal(403, `sessions are for the socket; programs of this user come by ${this.#socket}`);
      }
      const session = this.#sessions.find(id);
      return channel === 'socket' ? userOf(request, session) : (body) => callerOf(request, body, session);
    }
    const begins = request.method === 'POST' && /^\/v1\/sessions(\/|$)/.test(request.url ?? '');
    if (!begins) {
      if (this.#holdsToken && (writes || !this.#holdsToken(request.headers.authorization))) {
        throw new RegistryDeniedError(this.#place);
      }
      if (writes) throw new Refusal(401, 'open a session first: POST /v1/sessions');
    }
    return () => nameless;
  }
}

/** By the socket, which only this user's programs can open: a session is known there by its name alone. @throws Refusal 401 */
function userOf(request: IncomingMessage, session: Session): () => Caller {
  if (!session.takesNumber(countOf(request))) throw unproven();
  const caller = { identity: session.identity, proofOf: nameless.proofOf };
  return () => caller;
}

/** By the port, where anybody may listen or ask: each request and answer is proven. @throws Refusal 401 */
function callerOf(request: IncomingMessage, body: Buffer, session: Session): Caller {
  const count = countOf(request);
  const { method = '', url: path = '' } = request;
  const resumeFrom = String(request.headers['last-event-id'] ?? '');
  if (!session.takes({ count, method, path, resumeFrom, body }, request.headers[headers.proof])) throw unproven();
  return {
    identity: session.identity,
    proofOf: (status, text) => ({ [headers.proof]: session.proves(count, status, text) }),
    seal: () => {
      let place = 0;
      return (piece) => frameProof(session.provesPiece(count, ++place, piece));
    },
  };
}

/** @throws Refusal 401 */
function countOf(request: IncomingMessage): number {
  const given = request.headers[headers.count];
  if (typeof given === 'string' && /^[1-9]\d{0,14}$/.test(given)) return Number(given);
  throw unproven();
}

function unproven(): Refusal {
  return new Refusal(401, 'it is not proven that the request is of this session, and the first of its number');
}
