import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

function start(name: string, environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a plain script retries, refuses while the breaker is open, and ends by itself', async () => {
  const child = start('plain-node');
  let told = '';
  child.stdout?.on('data', (chunk) => {
    told += chunk;
  });
  const [code] = await once(child, 'close');
  expect(told.trim().split('\n')).toEqual([
    'apples costs 3.20 (asked 2 times)',
    'failed, price list unreachable (asked 3 times)',
    'failed, price list unreachable (asked 2 times)',
    'refused, the breaker is open (asked 0 times)',
    'pears costs 3.20 (asked 1 times)',
  ]);
  expect(code).toBe(0);
});

test('an Express app answers from what it knows, and says when to come back where it knows nothing', async () => {
  let working = true;
  let asked = 0;
  const prices = createServer((_request, response) => {
    asked++;
    response.writeHead(working ? 200 : 500, { 'content-type': 'application/json' }).end('{"price":3.2}');
  }).listen(0, '127.0.0.1');
  await once(prices, 'listening');
  onTestFinished(() => void prices.close().closeAllConnections());
  const { port } = prices.address() as AddressInfo;

  const child = start('express-app', { PRICES_URL: `http://127.0.0.1:${port}`, PORT: '0' });
  const [line] = await once(child.stdout!, 'data');
  const url = /http:\S+/.exec(String(line))?.[0];
  const ask = (sku: string) => fetch(`${url}/prices/${sku}`);

  expect(await (await ask('apples')).json()).toEqual({ price: 3.2 });

  working = false;
  for (let failure = 0; failure < 3; failure++) {
    expect(await (await ask('apples')).json()).toEqual({ price: 3.2, stale: true });
  }
  const before = asked;
  const refused = await ask('pears');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('content-type')).toMatch('application/problem+json');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(2);
  expect(await refused.json()).toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
  expect(asked, 'an open breaker asks nobody').toBe(before);
});
