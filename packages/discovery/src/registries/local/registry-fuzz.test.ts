import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { makeEnv, noLogger } from '@fwk/kernel';
import { seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { parseInstance } from '../../instance.js';
import { anInstance } from '../../testing/instances.js';
import { type ClientSession, openSession } from './client-session.js';
import { checkLocalOptions } from './local-options.js';
import { RegistryClient } from './registry-client.js';
import { openRegistry, type RegistryServer } from './registry-server.js';
import { Replica } from './replica.js';
import { Registrant } from './session.js';
import { Transport } from './transport.js';
import { headers } from './wire.js';

const REQUESTS = 4_000;
const AT_ONCE = 48;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Which of the sessions it belongs to. */
  readonly signer: number | undefined;
  readonly at: 'socket' | 'port';
}

/** Requests from sensible to hostile, by a seed. */
function fuzzer(seed: number): () => Sent {
  const random = seededRandom(seed);
  const one = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const rarely = () => random() < 0.05;
  const id = () =>
    rarely()
      ? one('', '%', '..', '__proto__', 'a/b', 'x'.repeat(301), 'é', '%00', 'a b')
      : `i${one(1, 2, 3, 4, 5, 6, 7, 8)}`;
  const junk = (): unknown =>
    one<unknown>(
      null,
      -1,
      1e308,
      '',
      'x'.repeat(3000),
      [],
      {},
      [[[]]],
      true,
      { ['__proto__']: { status: 'UP' } },
      '\u0000',
      'UP',
    );
  const instance = (ofId: string): unknown => {
    const made: Record<string, unknown> = {
      ...anInstance(),
      id: ofId,
      service: one('a', 'b', 'c'),
      port: 1 + Math.floor(random() * 65_535),
      status: one('UP', 'STARTING', 'DRAINING', 'OUT_OF_SERVICE', 'DOWN'),
      metadata: { key: 'x'.repeat(Math.floor(random() * 50)) },
    };
    if (random() < 0.2) made[one('id', 'service', 'port', 'metadata', 'tags', 'status', 'zone', 'weight')] = junk();
    return made;
  };
  const ids = () => Array.from({ length: Math.floor(random() * 6) }, id);
  const body = (ofId: string): string =>
    rarely()
      ? one('', '{', 'null', '"x"', '[]', '{"ids":'.repeat(200), `{"instance":"${'x'.repeat(300_000)}"}`, '\u0000')
      : JSON.stringify(
          one<unknown>(
            { instance: instance(ofId) },
            { instance: instance(ofId) },
            { ids: ids() },
            {
              status: one('UP', 'DOWN', 'OUT_OF_SERVICE', 'AWAY'),
              cause: one('it smells', ''),
              actor: 'operator fuzz',
            },
            { ids: junk() },
            junk(),
          ),
        );
  return () => {
    const ofId = id();
    const method = one(
      'PUT',
      'PUT',
      'PUT',
      'DELETE',
      'POST',
      'GET',
      rarely() ? one('PATCH', 'OPTIONS', 'HEAD') : 'GET',
    );
    const resource = one(
      `instances/${ofId}`,
      `instances/${ofId}`,
      `overrides/${ofId}`,
      'renewals',
      'instances',
      'services',
      'state',
      `instances?service=${ofId}&limit=${one('1', '1000', '0', 'x')}&after=${ofId}`,
      rarely() ? 'sessions' : 'services',
      rarely() ? `sessions/${ofId}` : 'services',
    );
    const path = rarely()
      ? one('/', '//', '/v1', '/v2/state', `/v1/${ofId}/${ofId}/${ofId}`, '/v1/events/x')
      : `/v1/${resource}`;
    const given: Record<string, string> = {
      'content-type': rarely() ? one('text/plain', '', 'application/jsonx') : 'application/json',
    };
    if (rarely()) given.host = one('evil.example', '127.0.0.1.evil.example', 'localhost', '');
    const signer = rarely() ? undefined : one(0, 1, 2);
    if (!rarely()) given[headers.proof] = 'x'.repeat(43);
    const text = method === 'GET' || method === 'HEAD' ? undefined : body(ofId);
    if (text !== undefined) given['content-length'] = String(Buffer.byteLength(text));
    return {
      method,
      path: encodeURI(path).replaceAll('%25', '%'),
      headers: given,
      body: text,
      signer,
      at: one('socket', 'socket', 'socket', 'port'),
    };
  };
}

function send(
  agent: Agent,
  { port, socket: socketPath }: RegistryServer,
  sessions: readonly ClientSession[],
  { method, path, headers: given, body, signer, at }: Sent,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const signed = signer === undefined ? {} : sessions[signer]?.sign(method, path, body).headers;
    const place = at === 'port' ? { host: '127.0.0.1', port } : { socketPath };
    const sent = request(
      { agent, ...place, method, path, headers: { ...given, ...signed } },
      (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode as number, text }));
        response.once('error', reject);
      },
    );
    // A refused body may be cut off while it is still being sent.
    sent.once('error', (error: NodeJS.ErrnoException) =>
      (body?.length ?? 0) > 200_000 ? resolve({ status: 413, text: '{}' }) : reject(error),
    );
    sent.end(body);
  });
}

/** What is no HTTP at all. Settles when the server has had enough of it. */
function sendGarbage(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    socket.resume();
  });
}

describe('the API of the embedded registry', () => {
  test(`answers ${REQUESTS} random requests without a fault of its own, and its streams tell what it has`, async () => {
    const options = checkLocalOptions({ port: await freePort(), maxInstances: 6, ttlMs: 600_000 }, {});
    const faults: unknown[] = [];
    const env = makeEnv({ logger: { ...noLogger, error: (fields) => void faults.push(fields) } });
    const server = (await openRegistry('holder-of-fuzz', undefined, options, env)) as RegistryServer;
    const reader = new RegistryClient(new Registrant('reader-holder'), options, env);
    const replica = new Replica(env.clock, options);
    await reader.watch(undefined, (messages) => replica.apply(messages));
    const transport = new Transport(options, env);
    const open = (holder: string) => openSession(transport, new Registrant(holder), '', 'the registry');
    const sessions = await Promise.all(['holder-one', 'holder-two', 'holder-three'].map(open));
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    const next = fuzzer(7);
    const statuses = new Map<number, number>();
    let left = REQUESTS;
    const work = async () => {
      while (left-- > 0) {
        const sent = next();
        const { status, text } = await send(agent, server, sessions, sent);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 && status !== 503) faults.push({ sent, status });
        if (sent.method !== 'HEAD') expect(JSON.parse(text), `${sent.method} ${sent.path}`).toBeTypeOf('object');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const garbage of [
      '\u0000\u0001',
      'GET',
      'GET / HTTP/9.9\r\n\r\n',
      'PUT /v1/instances/i1 HTTP/1.1\r\ncontent-length: -1\r\n\r\n',
    ])
      await sendGarbage(options.port, garbage);
    expect(faults).toEqual([]);
    // All kinds of answers have come, or the requests were not as random as they should be.
    expect([...statuses.keys()]).toEqual(
      expect.arrayContaining([200, 400, 401, 403, 404, 405, 409, 413, 415, 421, 503]),
    );
    const { catalog, epoch, version } = server.registry;
    const listed = [...catalog.entries()];
    expect(listed.length).toBeLessThanOrEqual(options.maxInstances);
    for (const { instance } of listed) expect(parseInstance(instance)).toEqual(instance);
    expect(catalog.serviceNames()).toEqual([...new Set(listed.map(({ instance }) => instance.service))].sort());
    const last = await (await fetch(`http://127.0.0.1:${server.port}/v1/state`)).json();
    expect(last).toMatchObject({ version, instances: listed.length, streams: 1 });
    while (replica.position !== `${epoch}:${version}`) await new Promise((resolve) => setImmediate(resolve));
    expect([...replica.catalog.entries()]).toEqual(expect.arrayContaining(listed));
    expect(replica.catalog.size).toBe(listed.length);
    expect(replica.catalog.overrides).toEqual(catalog.overrides);
    expect(replica.catalog.instances()).toEqual(expect.arrayContaining([...catalog.instances()]));
    agent.destroy();
    transport.close();
    reader.close();
    replica.close();
    await server.close();
  }, 240_000);
});
