/** Real listeners, good and bad, asked for their edges. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createMeter } from '../metrics/meter.js';
import { gatherTopology } from './gather-topology.js';
import { createTopology } from './topology.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function report(service: string, caller: string, callee: string) {
  const app = { name: service, version: '1.0.0', owner: 'us', instanceId: `${service}-1` };
  const topology = createTopology(app, createMeter(), () => []);
  topology.callee(callee, `${callee}.do`).record(caller, 5, false, performance.now());
  return topology.report(true);
}

const found = (service: string, managementUrl: string | undefined) => ({
  service,
  instance: `${service}-1`,
  managementUrl,
});

test('everybody who answers is in the map, and everybody who does not is named with the reason', async () => {
  const asked: (string | undefined)[] = [];
  const serving = (data: unknown) =>
    listening((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify(data));
    });
  const instances = [
    found('a', await serving(report('a', 'a.do', 'b'))),
    found('b', await serving(report('b', 'b.do', 'a'))),
    found('silent', await listening(() => {})),
    found('long', await listening((_, response) => response.end(JSON.stringify('x'.repeat(5000))))),
    found('closed', await listening((_, response) => response.writeHead(401).end())),
    found(
      'moved',
      await listening((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()),
    ),
    found('rubbish', await listening((_, response) => response.end('{"edges":5}'))),
    found('text', await listening((_, response) => response.end('no JSON'))),
    found('gone', 'http://127.0.0.1:1'),
    found('unknown', undefined),
  ];
  const map = await gatherTopology(instances, { limitMs: 500, maxAnswerBytes: 4096 });
  expect(asked).toEqual(['/manage/topology?digests=true', '/manage/topology?digests=true']);
  expect(map.services.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(map.cycles.operations).toEqual([['a: a.do', 'b: b.do', 'a: a.do']]);
  expect(map.edges.every(({ latency }) => latency.count === 1)).toBe(true);
  const problems = Object.fromEntries(map.missing.map(({ service, problem }) => [service, problem]));
  expect(Object.keys(problems).sort()).toEqual([
    'closed',
    'gone',
    'long',
    'moved',
    'rubbish',
    'silent',
    'text',
    'unknown',
  ]);
  expect(problems).toMatchObject({
    silent: 'no answer within 500 ms',
    long: 'its answer has more than 4096 bytes',
    closed: 'it answered with status 401',
    rubbish: 'its answer is no report of edges',
    unknown: 'it does not say where its management listens',
  });
});

test('only so many are asked at once, and only so many at all', async () => {
  let now = 0;
  let most = 0;
  const url = await listening((_, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      response.end(JSON.stringify(report('a', 'a.do', 'b')));
    }, 5);
  });
  const instances = Array.from({ length: 30 }, () => found('a', url));
  const { missing } = await gatherTopology(instances, { maxParallel: 3, maxInstances: 20 });
  expect(most).toBeLessThanOrEqual(3);
  expect(missing.map(({ problem }) => problem)).toEqual(Array(10).fill('more than 20 instances'));
});
