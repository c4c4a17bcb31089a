/** The session that a process has with a registry, from the client's side; `session.ts` says what is proven how. */
import { RegistryDeniedError } from '../../errors.js';
import { refusalOf } from './refusals.js';
import type { Exchange, Registrant } from './session.js';
import type { Transport } from './transport.js';
import { headers, isNonce, objectOf, protocol } from './wire.js';

type Proofs = typeof import('./session.js');

/** A request that goes out with its proof. */
export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the answer is from the registry that the session was opened with, and to this request. */
  isAnswer(status: number, body: string, proof: unknown): boolean;
  /** The same for a piece of the stream that it opens, by its place from 1; absent where nothing is proven. */
  isPiece?(place: number, text: string, proof: unknown): boolean;
}

/** A registry that has proven itself, and to which this process has. */
export class ClientSession {
  readonly #proofs: Proofs;
  readonly #id: string;
  readonly #key: string | undefined;
  #count = 0;

  /** @param key - undefined where the socket says who speaks. */
  constructor(proofs: Proofs, id: string, key: string | undefined) {
    this.#proofs = proofs;
    this.#id = id;
    this.#key = key;
  }

  sign(method: string, path: string, body = '', resumeFrom = ''): Signed {
    const count = ++this.#count;
    const named = {
      [headers.session]: this.#id,
      [headers.count]: String(count),
      ...(resumeFrom && { 'last-event-id': resumeFrom }),
    };
    const [key, proofs] = [this.#key, this.#proofs];
    if (key === undefined) return { headers: named, isAnswer: () => true };
    const proof = proofs.requestProof(key, { count, method, path, resumeFrom, body });
    return {
      headers: { ...named, [headers.proof]: proof },
      isAnswer: (status, text, given) => proofs.isSameProof(given, proofs.answerProof(key, count, status, text)),
      isPiece: (place, text, given) => proofs.isSameProof(given, proofs.pieceProof(key, count, place, text)),
    };
  }
}

/**
 * Opens a session.
 * @param token - empty where there is none.
 * @param place - of the registry, for messages.
 * @throws RegistryDeniedError when one of both does not know the other's token; RegistryUnavailableError.
 */
export async function openSession(
  transport: Transport,
  registrant: Registrant,
  token: string,
  place: string,
): Promise<ClientSession> {
  const proofs = await import('./session.js');
  const clientNonce = proofs.nonce();
  const begun = await post(transport, place, '/sessions', { nonce: clientNonce });
  const { session, nonce: registryNonce, proof } = begun;
  if (!isNonce(session) || !isNonce(registryNonce)) throw transport.unavailable('it opens no session');
  const exchange: Exchange = { session, clientNonce, registryNonce };
  if (!proofs.isSameProof(proof, proofs.registryProof(token, exchange))) {
    throw token === ''
      ? new RegistryDeniedError(place)
      : new RegistryDeniedError(
          place,
          'does not prove that it knows the token of this process: it has another one, or it is no registry of yours; ' +
            'set FWK_REGISTRY_TOKEN, or the option token, to the same for all',
        );
  }
  const { identity } = registrant;
  const opening = {
    ...identity,
    signature: registrant.sign(exchange),
    proof: proofs.clientProof(token, exchange, identity),
  };
  await post(transport, place, `/sessions/${session}`, opening, 'another one has taken its place');
  const key = transport.socket === undefined ? proofs.sessionKey(token, exchange, identity) : undefined;
  return new ClientSession(proofs, session, key);
}

/** @param unknown - what it means that the registry lets nobody in. @defaultValue that it wants a token */
async function post(transport: Transport, place: string, path: string, body: object, unknown?: string) {
  const text = JSON.stringify(body);
  const response = await transport.send({ method: 'POST', path: `/v${protocol}${path}`, headers: {}, body: text });
  const answer = transport.parse(await transport.read(response));
  const { statusCode = 0 } = response;
  if (statusCode === 200) return objectOf(answer);
  if (statusCode === 401) throw unknown ? transport.unavailable(unknown) : new RegistryDeniedError(place);
  if (statusCode === 403) {
    throw new RegistryDeniedError(place, 'was given no token, while this process was; give it to both, or to none');
  }
  throw refusalOf(answer) ?? transport.unavailable(`it answered POST ${path} with status ${statusCode}`);
}
