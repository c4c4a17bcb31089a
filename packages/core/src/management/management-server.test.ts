import { existsSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { eventBus, FwkError, type FwkEvent, type ManagementEndpoint, makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { coreErrors } from '../core-errors.js';
import { createHealth } from '../health/create-health.js';
import { createLogger } from '../logging/logger.js';
import { createMeter } from '../metrics/meter.js';
import { maxRefusalsTold } from './audit.js';
import { coreEndpoints } from './core-endpoints.js';
import { maxFeedReaders } from './feeds.js';
import { type ManagementParts, type ManagementServer, managementServer } from './management-server.js';
import { ManagementReply } from './reply.js';

const servers: ManagementServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

async function started(endpoints: readonly ManagementEndpoint[] = [], more: Partial<ManagementParts> = {}) {
  const clock = fakeClock();
  const logged: string[] = [];
  const logger = createLogger({ clock, destination: { write: (line) => void logged.push(line) } });
  const health = createHealth(makeEnv({ clock }));
  const events = eventBus({ clock });
  const app = { name: 'shop', version: '1.2.3', owner: 'us', instanceId: 'shop-1' };
  const metrics = createMeter();
  const served = { address: '127.0.0.1', port: 80, contracts: ['shop@1.2.3'], wires: ['http', 'mux'] };
  const sources = {
    ...{ app, clock, health, metrics, logger, state: () => 'ready', components: ['config', 'http'] },
    ...{ commit: async () => 'abcdef1', announcements: [served] },
    startReport: () => ({ durationMs: 12 }),
  };
  const server = managementServer({
    app,
    host: '127.0.0.1',
    port: 0,
    token: undefined,
    endpoints: [...coreEndpoints(sources), ...endpoints],
    events,
    clock,
    logger,
    errors: coreErrors,
    ...more,
  });
  servers.push(server);
  await server.start();
  const authorization = server.tokenFile ? `Bearer ${readFileSync(server.tokenFile, 'utf8')}` : '';
  /** As an operator asks: changes with the token. */
  const ask = (path: string, init: RequestInit = {}) => {
    const change = init.method !== undefined && !(init.headers && 'authorization' in init.headers);
    return fetch(`${server.url}${path}`, change ? { ...init, headers: { ...init.headers, authorization } } : init);
  };
  return { server, ask, clock, health, events, metrics, logger, logged };
}

function withHost(url: string, host: string): Promise<number | undefined> {
  return withHeaders(`${url}/manage/info`, { host });
}

/** One request with headers that fetch would not let us set. */
function withHeaders(url: string, headers: Record<string, string> | readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

const json = { 'content-type': 'application/json' };

describe('the endpoints of every application', () => {
  test('health answers like actuator, and as health+json when asked', async () => {
    const { ask, health } = await started();
    const added = health.add({ name: 'db', check: () => ({ status: 'DOWN', details: { error: 'gone' } }) });
    await health.start();
    const plain = await ask('/manage/health');
    expect(plain.status).toBe(503);
    expect(plain.headers.get('content-type')).toBe('application/json');
    expect(await plain.json()).toMatchObject({ status: 'DOWN', components: { db: { details: { error: 'gone' } } } });
    const draft = await ask('/manage/health', { headers: { accept: 'application/health+json' } });
    expect(draft.headers.get('content-type')).toBe('application/health+json');
    expect(await draft.json()).toMatchObject({ status: 'fail', serviceId: 'shop' });
    const refused = await ask('/manage/health', { headers: { accept: 'application/health+json;q=0, */*' } });
    expect(refused.headers.get('content-type')).toBe('application/json');
    added[Symbol.dispose]();
  });

  test('info says who this is', async () => {
    const { ask } = await started();
    expect(await (await ask('/manage/info')).json()).toMatchObject({
      name: 'shop',
      version: '1.2.3',
      owner: 'us',
      instanceId: 'shop-1',
      commit: 'abcdef1',
      state: 'ready',
      contracts: ['shop@1.2.3'],
      wires: ['http', 'mux'],
      served: [{ url: 'http://127.0.0.1:80', contracts: ['shop@1.2.3'], wires: ['http', 'mux'] }],
      components: ['config', 'http'],
      startUp: { durationMs: 12 },
      pid: process.pid,
    });
  });

  test('metrics negotiates its format', async () => {
    const { ask, metrics } = await started();
    metrics.counter({ name: 'orders', help: 'Orders.' }).add(3);
    const plain = await ask('/manage/metrics');
    expect(plain.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await plain.text()).toContain('orders_total 3');
    const open = await ask('/manage/metrics', { headers: { accept: 'application/openmetrics-text' } });
    expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
  });

  test('metrics and all else that is long comes compressed where the client takes it', async () => {
    const { ask, metrics } = await started();
    for (let index = 0; index < 100; index++) metrics.counter({ name: 'orders', help: 'x' }, { at: `${index}` }).add();
    const coded = async (path: string, encoding: string) => {
      const response = await ask(path, { headers: { 'accept-encoding': encoding } });
      return [response.status, response.headers.get('content-encoding'), (await response.text()).length];
    };
    const [, , length] = await coded('/manage/metrics', 'identity');
    expect(length).toBeGreaterThan(2000);
    expect(await coded('/manage/metrics', 'gzip')).toEqual([200, 'gzip', length]);
    expect(await coded('/manage/metrics', 'identity, gzip;q=0')).toEqual([200, null, length]);
    expect(await coded('/manage/loggers', 'gzip')).toEqual([200, null, expect.any(Number)]);
    expect(await coded('/manage/metrics', 'identity;q=0')).toEqual([406, null, expect.any(Number)]);
  });

  test('loggers shows levels, and changes one for a while', async () => {
    const { ask, logger } = await started();
    const changed = await ask('/manage/loggers/root', { method: 'PUT', headers: json, body: '{"level":"debug"}' });
    expect(changed.status).toBe(200);
    expect(logger.level).toBe('debug');
    expect(await (await ask('/manage/loggers')).json()).toMatchObject({ loggers: { root: { level: 'debug' } } });
    const refused = await ask('/manage/loggers/root', { method: 'PUT', headers: json, body: '{"level":"loud"}' });
    expect(refused.status).toBe(400);
  });

  test('a logger may be named before there is one, below another, for a time, and have its level taken back', async () => {
    const { ask, logger, clock } = await started();
    const put = async (name: string, body: object) => {
      const answer = await ask(`/manage/loggers/${name}`, { method: 'PUT', headers: json, body: JSON.stringify(body) });
      return { status: answer.status, body: await answer.json() };
    };
    logger.child({ logger: 'http.server' });
    expect(await put('http', { level: 'debug', forMs: 60_000, reason: 'lost orders' })).toEqual({
      status: 200,
      body: {
        ...{ name: 'http', level: 'debug', was: 'info', from: 'hand' },
        until: new Date(clock.wallTime() + 60_000).toISOString(),
        loggers: ['http', 'http.server'],
      },
    });
    expect(await (await ask('/manage/loggers/http.server')).json()).toMatchObject({ level: 'debug', inherits: 'http' });
    await clock.advance(60_000);
    expect(logger.levels.levelOf('http').level).toBe('info');
    await put('http', { level: 'error' });
    expect(await put('http', { level: null })).toMatchObject({ status: 200, body: { level: 'info', was: 'error' } });
    for (const [name, body] of [
      ['http', {}],
      ['http', { level: 'debug', forMs: 0 }],
      ['http', { level: 'debug', forMs: '60000' }],
      ['http', { level: null, forMs: 5 }],
      ['a%20b', { level: 'debug' }],
      ['%E0%A4%A', { level: 'debug' }],
    ] as const) {
      expect((await put(name, body)).status).toBe(400);
    }
  });
});

describe('endpoints of components', () => {
  test('get parameter, query and body, and answer data, nothing, or a reply of their own', async () => {
    const { ask } = await started([
      { path: 'policies/:name', method: 'POST', handle: ({ parameter, query, body }) => ({ parameter, query, body }) },
      { path: 'nothing', handle: () => undefined },
      { path: 'teapot', handle: async () => new ManagementReply(418, 'text/plain', 'short and stout') },
    ]);
    const posted = await ask('/manage/policies/a%2Fb?x=1', { method: 'POST', headers: json, body: '{"n":1}' });
    expect(await posted.json()).toEqual({ parameter: 'a/b', query: { x: '1' }, body: { n: 1 } });
    expect((await ask('/manage/nothing')).status).toBe(204);
    const teapot = await ask('/manage/teapot');
    expect([teapot.status, await teapot.text()]).toEqual([418, 'short and stout']);
  });

  test('two at one place are refused when the server is made', async () => {
    await expect(started([{ path: 'info', handle: () => 1 }])).rejects.toMatchObject({
      code: 'FWK_CORE_DUPLICATE_ENDPOINT',
      message: expect.stringContaining('GET /manage/info'),
    });
  });

  test('that throw become problem documents: ours say why, others only that, and are logged', async () => {
    class OwnError extends FwkError {}
    const { ask, logger, logged } = await started([
      {
        path: 'ours',
        handle: () => {
          throw new OwnError('FWK_CORE_WRONG_STATE', 'it is stopped', { details: { state: 'stopped', status: 'x' } });
        },
      },
      { path: 'other', handle: () => Promise.reject(new Error('password is hunter2')) },
    ]);
    const ours = await ask('/manage/ours');
    expect(ours.headers.get('content-type')).toBe('application/problem+json');
    expect(await ours.json()).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'it is stopped',
      code: 'FWK_CORE_WRONG_STATE',
      state: 'stopped',
    });
    const other = await ask('/manage/other');
    const text = await other.text();
    expect([other.status, text]).toEqual([500, expect.not.stringContaining('hunter2')]);
    await logger.flush();
    expect(logged.join()).toContain('hunter2');
  });

  test('that never answer are answered for', async () => {
    const { ask, clock } = await started([{ path: 'hung', handle: () => new Promise(() => {}) }]);
    const answer = ask('/manage/hung');
    while (clock.pending < 1) await clock.settle();
    await clock.advance(10_000);
    expect((await answer).status).toBe(504);
  });
});

describe('bad requests', () => {
  test('an unknown path is 404 and names the known ones', async () => {
    const { ask } = await started([{ path: 'policies', handle: () => [] }]);
    for (const path of [
      ...[
        '/manage/policy',
        '/manage/__proto__',
        '/manage/policies/deep/er',
        '/manage//policies',
        '/manage/loggers/{}/x',
      ],
      ...['/manage/%70olicies%2f', '/manage/policies/..%2fhealth', `/manage/${'a/'.repeat(4000)}`],
    ]) {
      const answer = await ask(path);
      expect(answer.status).toBe(404);
      const problem = (await answer.json()) as { known: string[]; code: string };
      expect(problem.code).toBe('FWK_CORE_MANAGEMENT_REFUSED');
      expect(problem.known).toEqual(expect.arrayContaining(['/manage/policies', '/manage/health', '/manage/events']));
    }
    expect((await ask('/')).status).toBe(404);
  });

  test('a wrong method is 405 and says which are right', async () => {
    const { ask } = await started();
    const answer = await ask('/manage/info', { method: 'POST', headers: json, body: '{}' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    for (const [method, path, allow] of [
      ['PATCH', '/manage/info', 'GET, HEAD'],
      ['OPTIONS', '/manage/loggers/root', 'GET, HEAD, PUT'],
      ['DELETE', '/manage/loggers/root', 'GET, HEAD, PUT'],
      ['POST', '/manage', 'GET, HEAD'],
      ['DELETE', '/manage/events', 'GET, HEAD'],
    ] as const) {
      // Asked without the token: who may read the list may know this too.
      const refused = await ask(path, { method, headers: { authorization: '' } });
      expect([method, path, refused.status, refused.headers.get('allow')]).toEqual([method, path, 405, allow]);
    }
    const head = await ask('/manage/info', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('a body must be JSON, say so, and be small', async () => {
    const { ask } = await started([{ path: 'echo', method: 'POST', handle: ({ body }) => ({ body }) }]);
    const post = (body: string, headers: Record<string, string> = json) =>
      ask('/manage/echo', { method: 'POST', headers, body });
    expect((await post('{')).status).toBe(400);
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(JSON.stringify('x'.repeat(70_000)))).status).toBe(413);
    for (const [evil, path] of [
      ['{"a":[{"__proto__":{"admin":true}}],"n":1}', 'a.0.__proto__'],
      ['{"constructor":{"prototype":{"admin":true}}}', 'constructor.prototype'],
    ] as const) {
      const refused = await post(evil);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({
        detail: `the body cannot be used: the key "${path}" is not allowed; choose another name`,
      });
    }
    for (const encoding of ['gzip', 'br', 'gzip, identity', 'x']) {
      expect((await post('{}', { ...json, 'content-encoding': encoding })).status).toBe(415);
    }
    expect((await post('{}', { ...json, 'content-encoding': 'Identity' })).status).toBe(200);
  });

  test('a query is data from outside as a body is: a dangerous key is refused by name, others are only names', async () => {
    const seen: unknown[] = [];
    const { ask } = await started([{ path: 'policies/:name', handle: (request) => void seen.push(request) }]);
    for (const path of [
      'policies/quote?__proto__=x',
      'policies/quote?a=1&%5F_proto__[admin]=x&__proto__=x',
      'events?__proto__=x',
    ]) {
      const refused = await ask(`/manage/${path}`);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({
        code: 'FWK_CORE_MANAGEMENT_REFUSED',
        detail: 'the query cannot be used: the key "__proto__" is not allowed; choose another name',
      });
    }
    expect(seen).toEqual([]);
    expect((await ask('/manage/policies/__proto__?constructor=x')).status).toBe(204);
    expect(seen).toEqual([expect.objectContaining({ parameter: '__proto__', query: { constructor: 'x' } })]);
    expect(Object.getPrototypeOf((seen[0] as { query: object }).query)).toBe(Object.prototype);
  });

  test('a malformed parameter is 400', async () => {
    const { ask } = await started([{ path: 'policies/:name', handle: () => 1 }]);
    expect((await ask('/manage/policies/%zz')).status).toBe(400);
  });
});

describe('changes', () => {
  const change = { method: 'PUT', body: '{"level":"debug","reason":"looking for ?sig=hunter2"}' };

  test('take the token of a file that only its owner can read, and that goes with the listener', async () => {
    const { server, ask, logger } = await started();
    const file = server.tokenFile ?? expect.unreachable();
    if (process.platform !== 'win32')
      expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
    for (const authorization of ['', 'Bearer ', `Bearer ${'x'.repeat(43)}`]) {
      const refused = await ask('/manage/loggers/root', { ...change, headers: { ...json, authorization } });
      expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
        401,
        expect.stringContaining(file),
      ]);
    }
    expect(logger.level).toBe('info');
    expect((await ask('/manage/loggers/root', { ...change, headers: json })).status).toBe(200);
    expect(logger.level).toBe('debug');
    await server.stop();
    expect([server.tokenFile, existsSync(dirname(file))]).toEqual([undefined, false]);
  });

  test('leave an event and a line: who, what, why, from what to what, and no secret', async () => {
    const { ask, events, logger, logged } = await started();
    const seen: FwkEvent[] = [];
    events.on('management.*', (event) => void seen.push(event));
    await ask('/manage/loggers/root', { ...change, headers: { ...json, 'user-agent': 'me/1' } });
    await ask('/manage/loggers/root', { method: 'PUT', headers: json, body: '{"level":"loud"}' });
    expect(seen.map((event) => event.data)).toMatchObject([
      {
        method: 'PUT',
        path: 'loggers/root',
        from: { address: expect.stringContaining('127.0.0.1:'), program: 'me/1' },
        reason: 'looking for ?sig=******',
        answer: { level: 'debug', was: 'info' },
        done: true,
      },
      { done: false, code: 'FWK_CORE_MANAGEMENT_REFUSED' },
    ]);
    await logger.flush();
    expect(logged.join()).toContain('management: PUT loggers/root');
    expect(logged.join()).not.toContain('hunter2');
  });
});

describe('a change whose secrets no name shows', () => {
  const endpoint = (auditedBody: ManagementEndpoint['auditedBody']): ManagementEndpoint => ({
    ...{ path: 'vault/:name', method: 'PUT', auditedBody },
    handle: ({ body }) => ({ length: JSON.stringify(body).length }),
  });
  const seal = { method: 'PUT', headers: json, body: '{"value":"hunter2"}' };

  test('is told as its endpoint tells it, and done with what was sent', async () => {
    const audited = endpoint(({ parameter, body }) => ({ ...Object(body), value: `a value of ${parameter}` }));
    const { ask, events, logger, logged } = await started([audited]);
    const seen: FwkEvent[] = [];
    events.on('management.*', (event) => void seen.push(event));
    expect(await (await ask('/manage/vault/door', seal)).json()).toEqual({ length: 19 });
    expect(seen.map(({ data }) => data)).toMatchObject([{ body: { value: 'a value of door' }, done: true }]);
    await logger.flush();
    expect(logged.join()).not.toContain('hunter2');
  });

  test('is told without its body when the endpoint cannot tell it', async () => {
    const audited = endpoint(() => {
      throw new Error('no');
    });
    const { ask, events } = await started([audited]);
    const seen: FwkEvent[] = [];
    events.on('management.*', (event) => void seen.push(event));
    expect((await ask('/manage/vault/door', seal)).status).toBe(200);
    expect(seen.map(({ data }) => data)).toEqual([expect.objectContaining({ path: 'vault/door', done: true })]);
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });
});

describe('changes that are refused before they begin', () => {
  test('leave an event and a line: who, what and why, and no secret', async () => {
    const { ask, events, logger, logged } = await started();
    const seen: FwkEvent[] = [];
    events.on('management.*', (event) => void seen.push(event));
    const body = '{"level":"debug"}';
    const wrong = { ...json, authorization: 'Bearer hunter2hunter2', 'user-agent': 'me/1' };
    await ask('/manage/loggers/root?token=hunter2', { method: 'PUT', headers: wrong, body });
    await ask('/manage/loggers/root', { method: 'PUT', headers: { ...json, origin: 'https://evil.example' }, body });
    await ask('/manage/nothing', { method: 'DELETE' });
    await ask('/manage/loggers/root', { method: 'PUT', headers: { 'content-type': 'text/plain' }, body });
    await ask('/manage/loggers/root', { method: 'PUT', headers: json, body: '{' });
    expect(seen.map(({ name, data }) => [name, (data as { status: number }).status])).toEqual(
      [401, 403, 404, 415, 400].map((status) => ['management.refused', status]),
    );
    expect(seen[0]?.data).toMatchObject({
      method: 'PUT',
      url: '/manage/loggers/root?token=******',
      from: { address: expect.stringContaining('127.0.0.1:'), program: 'me/1' },
    });
    await ask('/manage/nothing');
    expect(seen).toHaveLength(5);
    await logger.flush();
    expect(logged.join()).toContain('management: refused PUT /manage/loggers/root?token=******');
    expect(logged.join()).not.toContain('hunter2');
  });

  test('do not fill the log: the first of a burst are told, and the next line counts the others', async () => {
    const { ask, clock, logger, logged } = await started();
    const refuse = () => ask('/manage/loggers/root', { method: 'PUT', headers: { ...json, authorization: '' } });
    for (let index = 0; index < maxRefusalsTold + 5; index++) await refuse();
    const lines = async () => {
      await logger.flush();
      return logged.filter((line) => line.includes('management: refused'));
    };
    expect(await lines()).toHaveLength(maxRefusalsTold);
    await clock.advance(10_000);
    await refuse();
    expect((await lines()).at(-1)).toContain('"untold":5');
  });
});

describe('web pages', () => {
  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:1' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ referer: 'https://evil.example/page' }],
    [{ host: 'evil.example' }],
    [{ host: '127.0.0.1.evil.example' }],
  ])('of other origins can read nothing and take no event stream: %j', async (headers) => {
    const { server, ask } = await started();
    for (let index = 0; index <= maxFeedReaders; index++) {
      expect(await withHeaders(`${server.url}/manage/events`, headers)).toBe(403);
    }
    expect(await withHeaders(`${server.url}/manage/info`, headers)).toBe(403);
    const leave = new AbortController();
    expect((await ask('/manage/events', { signal: leave.signal })).status).toBe(200);
    leave.abort();
  });

  test('of the listener itself, and what a person types, may read', async () => {
    const { server } = await started();
    const own: Record<string, string>[] = [
      { origin: server.url ?? '' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of own) {
      expect(await withHeaders(`${server.url}/manage/info`, headers)).toBe(200);
    }
  });
});

describe('access', () => {
  test('without a token the Host header must name this machine, or a web page could reach in', async () => {
    const { server } = await started();
    const url = server.url ?? expect.unreachable();
    expect(await withHost(url, 'evil.example')).toBe(403);
    expect(await withHost(url, 'localhost:1')).toBe(200);
    expect(await withHost(url, '[::1]:1')).toBe(200);
  });

  test('a Host header that is invalid, or there twice, is 400 whatever it names', async () => {
    const { server } = await started();
    const url = server.url ?? expect.unreachable();
    for (const host of ['evil example', 'evil.example/x', 'localhost:port', '[::1', '[::1]evil.example']) {
      expect([host, await withHost(url, host)]).toEqual([host, 400]);
    }
    // As raw headers, since an object has one of each.
    const twice = ['host', 'localhost', 'host', 'evil.example'];
    expect(await withHeaders(`${url}/manage/info`, twice)).toBe(400);
  });

  test('with a token only who shows it gets in', async () => {
    const token = 'correct horse battery staple';
    const { ask, server } = await started([], { token });
    const as = (authorization: string) => ask('/manage/info', { headers: { authorization } });
    const refused = await ask('/manage/info');
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await refused.text()).not.toContain('horse');
    expect((await as('Bearer wrong')).status).toBe(401);
    expect((await as(`Basic ${token}`)).status).toBe(401);
    expect((await as(`Bearer ${token}`)).status).toBe(200);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('a port that is taken is a clear error', async () => {
    const { server } = await started();
    const port = Number(new URL(server.url ?? '').port);
    await expect(started([], { port })).rejects.toMatchObject({
      code: 'FWK_CORE_PORT_TAKEN',
      message: expect.stringContaining(`the management listener cannot listen on 127.0.0.1:${port}`),
    });
  });
});

describe('events', () => {
  /** Reads a stream until the text has been seen. */
  async function readUntil(response: Response, text: string): Promise<string> {
    const reader = response.body?.getReader() ?? expect.unreachable();
    let seen = '';
    while (!seen.includes(text)) {
      const { value, done } = await reader.read();
      if (done) break;
      seen += new TextDecoder().decode(value);
    }
    reader.releaseLock();
    return seen;
  }

  test('stream what happens, narrowed by name, with pings in between', async () => {
    const { ask, events, clock } = await started();
    const response = await ask('/manage/events?name=breaker.*');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await readUntil(response, ': ping');
    events.emit('endpoint.added', { id: 1 });
    events.emit('breaker.opened', { name: 'prices' });
    const seen = await readUntil(response, 'prices"}}\n\n');
    const expected: FwkEvent = { name: 'breaker.opened', atMs: 1_700_000_000_000, data: { name: 'prices' } };
    expect(seen).toMatch(/^id: \w+-2\nevent: breaker\.opened\ndata: .*\n\n$/);
    expect(seen).toContain(`data: ${JSON.stringify(expected)}\n\n`);
    expect(seen).not.toContain('endpoint.added');
    await clock.advance(15_000);
    expect(await readUntil(response, 'id: ')).toMatch(/^: ping\nid: \w+-2\n\n$/);
  });

  test('are refused above the limit, and make room when a listener leaves', async () => {
    const { ask, clock } = await started();
    const leave = new AbortController();
    // Kept, since fetch leaves a stream whose response nobody holds any more.
    const open: Response[] = [];
    for (let index = 0; index < maxFeedReaders; index++)
      open.push(await ask('/manage/events', { signal: leave.signal }));
    const refused = await ask('/manage/events');
    expect([refused.status, ...open.map(({ status }) => status)]).toEqual([503, ...Array(maxFeedReaders).fill(200)]);
    leave.abort();
    while (clock.pending > 0) await clock.settle();
    expect((await ask('/manage/events')).status).toBe(200);
  });

  test('asked for by HEAD take no place', async () => {
    const { ask } = await started();
    for (let index = 0; index <= maxFeedReaders; index++) {
      expect((await ask('/manage/events', { method: 'HEAD' })).status).toBe(200);
    }
    expect((await ask('/manage/events')).status).toBe(200);
  });

  test('end when the server stops', async () => {
    const { ask, server, clock } = await started();
    const response = await ask('/manage/events');
    await readUntil(response, ': ping');
    await server.stop();
    expect(await readUntil(response, 'what never comes')).toBe('');
    expect(clock.pending).toBe(0);
    expect(server.url).toBeUndefined();
  });
});
