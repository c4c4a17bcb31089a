/**
 * The sessions that a registry has opened. Each proves by number that no request of it was heard before: a request comes over
 * one of several connections, so the numbers need not come in order, but none comes twice and none that is long past.
 */
import { Refusal } from './request-body.js';
import {
  answerProof,
  clientProof,
  type Exchange,
  type Identity,
  isSameProof,
  isSigned,
  nonce,
  type ProvenRequest,
  pieceProof,
  registryProof,
  requestProof,
  sessionKey,
} from './session.js';
import { isNonce, isOwner, isToken, objectOf } from './wire.js';

/** Sessions that have begun and are not proven; the oldest makes room. A client takes milliseconds for both steps. */
const MAX_BEGUN = 10_000;
/** Numbers by which a request may be behind the newest one of its session. */
const WINDOW = 1024;

/** One process that has proven itself. */
export class Session {
  readonly identity: Identity;
  readonly #key: string;
  #newest = 0;
  /** The numbers that were heard, as far as they are in the window. */
  #heard = new Set<number>();

  constructor(identity: Identity, key: string) {
    this.identity = identity;
    this.#key = key;
  }

  /** Whether it is a request of this session that comes for the first time. */
  takes(request: ProvenRequest, proof: unknown): boolean {
    if (!this.#isNew(request.count) || !isSameProof(proof, requestProof(this.#key, request))) return false;
    this.#hear(request.count);
    return true;
  }

  /** The same for one that came by the socket, which proves whose it is. */
  takesNumber(count: number): boolean {
    if (!this.#isNew(count)) return false;
    this.#hear(count);
    return true;
  }

  proves(count: number, status: number, body: string): string {
    return answerProof(this.#key, count, status, body);
  }

  /** The proof of one piece of the stream that a request has opened. */
  provesPiece(count: number, place: number, text: string | Buffer): string {
    return pieceProof(this.#key, count, place, text);
  }

  #isNew(count: number): boolean {
    return count > this.#newest - WINDOW && !this.#heard.has(count);
  }

  #hear(count: number): void {
    this.#newest = Math.max(this.#newest, count);
    this.#heard.add(count);
    if (this.#heard.size > 2 * WINDOW) {
      this.#heard = new Set([...this.#heard].filter((heard) => heard > this.#newest - WINDOW));
    }
  }
}

/** Opens sessions, and finds them. */
export class Sessions {
  readonly #token: string;
  readonly #limit: number;
  readonly #begun = new Map<string, Exchange>();
  /** Those asked last stand last. */
  readonly #open = new Map<string, Session>();

  /**
   * @param token - what clients must know; empty where they need not know anything.
   * @param limit - sessions that are kept; the one that was not used for longest makes room, and its client opens another.
   */
  constructor(token: string, limit: number) {
    this.#token = token;
    this.#limit = limit;
  }

  /** The first step. @throws Refusal 400 */
  begin(body: unknown): object {
    const { nonce: clientNonce } = objectOf(body);
    if (!isNonce(clientNonce)) throw new Refusal(400, 'nonce must be 22 to 64 characters of base64url');
    const exchange = { session: nonce(), clientNonce, registryNonce: nonce() };
    this.#begun.set(exchange.session, exchange);
    makeRoom(this.#begun, MAX_BEGUN);
    const proof = registryProof(this.#token, exchange);
    return { session: exchange.session, nonce: exchange.registryNonce, proof };
  }

  /** The second step; whatever comes of it, a first step leads to one session at most. @throws Refusal 400, 401 */
  open(id: string, body: unknown): Session {
    const exchange = this.#begun.get(id);
    this.#begun.delete(id);
    const { holder, owner, signature, proof } = objectOf(body);
    if (!isToken(holder)) throw new Refusal(400, 'holder must be 8 to 64 letters, digits or hyphens');
    if (!isOwner(owner)) throw new Refusal(400, 'owner must be a public Ed25519 key, 43 characters of base64url');
    if (typeof signature !== 'string' || signature.length !== 86)
      throw new Refusal(400, 'signature must be 86 characters');
    if (!exchange) throw new Refusal(401, 'no session of this name has begun');
    const identity = { holder, owner };
    if (!isSameProof(proof, clientProof(this.#token, exchange, identity))) {
      throw new Refusal(401, 'it is not proven that you know the token');
    }
    if (!isSigned(exchange, identity, signature)) throw new Refusal(401, 'it is not proven that you own the key');
    const session = new Session(identity, sessionKey(this.#token, exchange, identity));
    this.#open.set(id, session);
    makeRoom(this.#open, this.#limit);
    return session;
  }

  /** @throws Refusal 401 for one that is not open here: the client opens another. */
  find(id: string): Session {
    const session = this.#open.get(id);
    if (!session) throw new Refusal(401, 'no such session is open here');
    this.#open.delete(id);
    this.#open.set(id, session);
    return session;
  }
}

/** Drops the oldest where there are too many. */
function makeRoom(map: Map<string, unknown>, limit: number): void {
  if (map.size <= limit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
