/** Servers that are asked for more than they can do: what is let in stays quick, and the important goes first. */
import { Agent } from 'node:http';
import { makeEnv } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { send } from '../fixtures/raw-request.js';
import { served } from '../serving/served.js';
import { createServer } from './server.js';
import type { ServerOptions } from './server-options.js';

const desk = contract('desk', {
  version: '1.0.0',
  operations: {
    work: get('/work', { response: z.null() }),
    urgent: get('/urgent', { response: z.null(), priority: 'critical' }),
    whenever: get('/whenever', { response: z.null(), priority: 'sheddable' }),
  },
});

/** Work that a few do at a time, the rest waits for them, as before a pool of database connections. */
function pool(workers: number, workMs: number) {
  let free = workers;
  const waiting: (() => void)[] = [];
  return async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    await new Promise((resolve) => setTimeout(resolve, workMs));
    const next = waiting.shift();
    if (next) next();
    else free++;
    return null;
  };
}

async function start(options: Partial<ServerOptions>) {
  const work = pool(4, 40);
  const server = createServer({
    serve: [served(desk, { work, urgent: work, whenever: work })],
    env: makeEnv(),
    ...options,
  });
  await server.start();
  return server;
}

/** Long enough that a busy machine is not kept busy by refusals alone, in milliseconds. */
const pauseMs = 150;

/** Callers that ask again as soon as they are answered, and wait a little where they are refused. */
async function load(url: string, callers: number, durationMs: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const tookMs: number[] = [];
  const refused: number[] = [];
  const endMs = performance.now() + durationMs;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < endMs) {
        const startMs = performance.now();
        const { status } = await send(url, { agent });
        if (status === 200) tookMs.push(performance.now() - startMs);
        else {
          refused.push(status);
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      }
    }),
  );
  agent.destroy();
  const sorted = tookMs.toSorted((one, other) => one - other);
  return { answered: tookMs.length, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, refused };
}

test('an adaptive limit keeps those that are let in quick, and as many are answered as without it', async () => {
  await using bare = await start({});
  await using limited = await start({ limit: { windowMs: 200, maxLagMs: 1000 } });
  const without = await load(`${bare.url}/work`, 60, 3000);
  const within = await load(`${limited.url}/work`, 60, 3000);
  expect(without.refused).toEqual([]);
  expect(new Set(within.refused)).toEqual(new Set([503]));
  expect(within.medianMs).toBeLessThan(without.medianMs * 0.75);
  expect(within.answered).toBeGreaterThan(without.answered * 0.5);
});

test('the important is answered while what can wait is refused', async () => {
  await using server = await start({ limit: { initialLimit: 8, maxLimit: 8 } });
  const flood = load(`${server.url}/whenever`, 40, 2500);
  // Until the server has seen what it is asked for.
  await new Promise((resolve) => setTimeout(resolve, 800));
  const urgent = await load(`${server.url}/urgent`, 2, 1500);
  const whenever = await flood;
  const share = ({ answered, refused }: typeof urgent) => answered / (answered + refused.length);
  expect(share(urgent)).toBeGreaterThan(0.9);
  expect(share(whenever)).toBeLessThan(0.8);
  expect(whenever.answered).toBeGreaterThan(0);
});
