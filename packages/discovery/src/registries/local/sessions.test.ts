import { describe, expect, test } from 'vitest';
import { clientProof, type Exchange, nonce, Registrant, registryProof, requestProof, sessionKey } from './session.js';
import { type Session, Sessions } from './sessions.js';

const token = 'a-token-of-some-length';
const registrant = new Registrant('holder-one');
const { identity } = registrant;

/** What a client that knows the token sends in the second step. */
function begin(sessions: Sessions): { exchange: Exchange; opening: Record<string, unknown>; proof: unknown } {
  const clientNonce = nonce();
  const { session, nonce: registryNonce, proof } = sessions.begin({ nonce: clientNonce }) as Record<string, string>;
  const exchange = { session: String(session), clientNonce, registryNonce: String(registryNonce) };
  const opening = { ...identity, signature: registrant.sign(exchange), proof: clientProof(token, exchange, identity) };
  return { exchange, opening, proof };
}

describe('a session', () => {
  test('is opened by who knows the token, to a registry that has proven the same before', () => {
    const sessions = new Sessions(token, 10);
    const { exchange, opening, proof } = begin(sessions);
    expect(proof).toBe(registryProof(token, exchange));
    expect(proof).not.toBe(registryProof('another-token-of-length', exchange));
    expect(sessions.open(exchange.session, opening).identity).toEqual(identity);
    expect(JSON.stringify([opening, exchange, proof])).not.toContain(token);
  });

  test.each([
    ['the proof of another token', (e: Exchange) => ({ proof: clientProof('another-token-of-length', e, identity) })],
    ['the proof of the registry, sent back', (e: Exchange) => ({ proof: registryProof(token, e) })],
    [
      'a signature for another session',
      () => ({ signature: registrant.sign({ session: '', clientNonce: '', registryNonce: '' }) }),
    ],
    ['the signature of another key', (e: Exchange) => ({ signature: new Registrant('holder-one').sign(e) })],
    [
      'another owner',
      (e: Exchange) => {
        const { owner } = new Registrant('x').identity;
        return { owner, proof: clientProof(token, e, { ...identity, owner }) };
      },
    ],
    [
      'an owner that is no key',
      (e: Exchange) => {
        const owner = '-'.repeat(43);
        return { owner, proof: clientProof(token, e, { ...identity, owner }) };
      },
    ],
    ['another holder', () => ({ holder: 'holder-two' })],
  ])('is not opened by %s', (_what, change) => {
    const sessions = new Sessions(token, 10);
    const { exchange, opening } = begin(sessions);
    expect(() => sessions.open(exchange.session, { ...opening, ...change(exchange) })).toThrow(/not proven/);
    // Nor is there a second try.
    expect(() => sessions.open(exchange.session, opening)).toThrow('no session of this name has begun');
  });

  test('is not opened a second time by what opened it once', () => {
    const sessions = new Sessions(token, 10);
    const { exchange, opening } = begin(sessions);
    sessions.open(exchange.session, opening);
    expect(() => sessions.open(exchange.session, opening)).toThrow('no session of this name has begun');
  });

  test('makes room for others when it was not used for longest', () => {
    const sessions = new Sessions(token, 2);
    const ids = [1, 2].map(() => {
      const { exchange, opening } = begin(sessions);
      sessions.open(exchange.session, opening);
      return exchange.session;
    });
    sessions.find(String(ids[0]));
    const { exchange, opening } = begin(sessions);
    sessions.open(exchange.session, opening);
    sessions.find(String(ids[0]));
    expect(() => sessions.find(String(ids[1]))).toThrow('no such session');
  });
});

describe('a request of a session', () => {
  function opened(): {
    session: Session;
    prove: (count: number, parts?: object) => [Parameters<Session['takes']>[0], string];
  } {
    const sessions = new Sessions(token, 10);
    const { exchange, opening } = begin(sessions);
    const key = sessionKey(token, exchange, identity);
    const prove = (count: number, parts: object = {}) => {
      const request = { count, method: 'PUT', path: '/v1/instances/a', resumeFrom: '', body: '{}' };
      return [{ ...request, ...parts }, requestProof(key, request)] as [typeof request, string];
    };
    return { session: sessions.open(exchange.session, opening), prove };
  }

  test('is taken once, whatever the order', () => {
    const { session, prove } = opened();
    for (const count of [2, 1, 4, 3]) expect(session.takes(...prove(count))).toBe(true);
    for (const count of [1, 2, 3, 4]) expect(session.takes(...prove(count))).toBe(false);
  });

  test('is not taken when it is long past, however many came since', () => {
    const { session, prove } = opened();
    for (let count = 2; count < 10_000; count++) expect(session.takes(...prove(count))).toBe(true);
    for (const count of [1, 2, 5000, 8000, 9999]) expect(session.takes(...prove(count))).toBe(false);
  });

  test.each([
    { method: 'DELETE' },
    { path: '/v1/instances/b' },
    { path: '/v1/instances/a?' },
    { body: '{"a":1}' },
    { resumeFrom: 'epoch:1' },
    { count: 2 },
  ])('is not taken with another %j than was proven', (parts) => {
    const { session, prove } = opened();
    expect(session.takes(...prove(1, parts))).toBe(false);
    expect(session.takes(...prove(1))).toBe(true);
  });

  test.each([undefined, '', 'x', 'x'.repeat(43), 'é'.repeat(43), ['x']])('is not taken with the proof %j', (proof) => {
    const { session, prove } = opened();
    expect(session.takes(prove(1)[0], proof)).toBe(false);
  });
});
