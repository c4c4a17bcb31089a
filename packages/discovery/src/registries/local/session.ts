/**
 * How a client and a registry prove themselves to each other. Nothing that either of them knows crosses the wire: not the
 * token, which both must know, and not the key of the process, whose public half names the owner of what it registers.
 *
 * - `POST /v1/sessions` `{nonce}` → `{session, nonce, proof}`. The registry proves first that it knows the token, so that
 *   whatever else holds the port learns nothing.
 * - `POST /v1/sessions/:session` `{holder, owner, signature, proof}` → `{}`. The client proves that it knows the token, and
 *   that it has the private half of `owner`.
 * - Each further request carries its number, and by the port a proof over number, method, path and body; so does each
 *   answer. By the socket neither is proven: who opens it, and who listens there, the system has proven already.
 *
 * A proof is an HMAC-SHA-256 in base64url; `T` is the four lines protocol, session, nonce of the client, nonce of the registry:
 *
 *     proof of the registry   HMAC(token, T ⏎ "registry")
 *     proof of the client     HMAC(token, T ⏎ "client" ⏎ holder ⏎ owner)
 *     key of the session      HMAC(token, T ⏎ "key" ⏎ holder ⏎ owner)
 *     signature               Ed25519(private key, T ⏎ "owner" ⏎ holder)
 *     proof of a request      HMAC(key, number ⏎ method ⏎ path ⏎ Last-Event-ID ⏎ body)
 *     proof of an answer      HMAC(key, number ⏎ status ⏎ body)
 *     proof of a piece        HMAC(key, number ⏎ "events" its place, from 1 ⏎ text)
 *
 * An answer that becomes a stream of events is proven piece by piece: an event `proof` follows each.
 *
 * Where there is no token its place is empty: then who may ask is decided by the socket, not by a proof.
 */
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { protocol } from './wire.js';

/** What both ends know of a session that begins. */
export interface Exchange {
  readonly session: string;
  readonly clientNonce: string;
  readonly registryNonce: string;
}

/** Whose session it is: the public name of the process, and the public half of its key. */
export interface Identity {
  readonly holder: string;
  readonly owner: string;
}

/** A request, as it is proven. */
export interface ProvenRequest {
  /** Its number within the session, from 1. */
  readonly count: number;
  readonly method: string;
  /** As it stands in the request line. */
  readonly path: string;
  /** The header `last-event-id`; empty without one. */
  readonly resumeFrom: string;
  readonly body: string | Buffer;
}

/** A process that registers: its public name, and the key that proves it is the same one. */
export class Registrant {
  readonly identity: Identity;
  readonly #key: KeyObject;

  constructor(holder: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.identity = { holder, owner: String(publicKey.export({ format: 'jwk' }).x) };
    this.#key = privateKey;
  }

  sign(exchange: Exchange): string {
    return sign(null, Buffer.from(ownerText(exchange, this.identity)), this.#key).toString('base64url');
  }
}

/** Whether the signature was made by who has the private half of the owner's key. */
export function isSigned(exchange: Exchange, identity: Identity, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: identity.owner }, format: 'jwk' });
    return verify(null, Buffer.from(ownerText(exchange, identity)), key, Buffer.from(signature, 'base64url'));
  } catch {
    // Not every text of this length is a key.
    return false;
  }
}

/** A text that nobody can guess, and that comes once. */
export function nonce(): string {
  return randomBytes(24).toString('base64url');
}

export function registryProof(token: string, exchange: Exchange): string {
  return proofOf(token, `${transcript(exchange)}\nregistry`);
}

export function clientProof(token: string, exchange: Exchange, { holder, owner }: Identity): string {
  return proofOf(token, `${transcript(exchange)}\nclient\n${holder}\n${owner}`);
}

export function sessionKey(token: string, exchange: Exchange, { holder, owner }: Identity): string {
  return proofOf(token, `${transcript(exchange)}\nkey\n${holder}\n${owner}`);
}

export function requestProof(key: string, { count, method, path, resumeFrom, body }: ProvenRequest): string {
  return proofOf(key, `${count}\n${method}\n${path}\n${resumeFrom}\n`, body);
}

export function answerProof(key: string, count: number, status: number, body: string): string {
  return proofOf(key, `${count}\n${status}\n`, body);
}

/** @param place - of the piece in the stream that the request has opened, from 1. */
export function pieceProof(key: string, count: number, place: number, text: string | Buffer): string {
  return proofOf(key, `${count}\nevents ${place}\n`, text);
}

/** Compares in a time that does not tell where they differ. */
export function isSameProof(given: unknown, expected: string): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function ownerText(exchange: Exchange, { holder }: Identity): string {
  return `${transcript(exchange)}\nowner\n${holder}`;
}

function transcript({ session, clientNonce, registryNonce }: Exchange): string {
  return `fwk-registry ${protocol}\n${session}\n${clientNonce}\n${registryNonce}`;
}

function proofOf(key: string, head: string, body: string | Buffer = ''): string {
  return createHmac('sha256', key).update(head).update(body).digest('base64url');
}
