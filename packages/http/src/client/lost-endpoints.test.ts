/** What becomes of an endpoint whose connection was lost, on either wire. Nothing ejects here, so that it is the connection that says so. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endpointKey, roundRobin } from '@fwk/discovery';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { overHttp, wireUnderTest } from '../fixtures/wire-under-test.js';
import { createClient } from './create-client.js';

const shop = contract('shop', {
  version: '1.0.0',
  operations: { look: get('/look', { response: z.number() }), wait: get('/wait', { response: z.number() }) },
});
const program = fileURLToPath(new URL('../fixtures/shop-server.mjs', import.meta.url));
const patience = { timeout: 40_000, interval: 20 };
/** The longer a process takes to start, the longer are the pauses between the trials of the client. */
const longest = 60_000;

interface Shop {
  readonly port: number;
  readonly process: ChildProcess;
}

/** A server in a process of its own, which ends with the test. */
async function openShop(port = 0): Promise<Shop> {
  const child = spawn(process.execPath, [program, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { port: Number(String(said)), process: child };
}

async function kill({ process: child }: Shop): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** A client of the shops that asks them in turn, and the ports of its attempts. */
function clientOf(shops: readonly Shop[]) {
  const asked: number[] = [];
  const client = createClient(shop, {
    wire: wireUnderTest(),
    endpoints: shops.map(({ port }) => `http://127.0.0.1:${port}`),
    balancer: roundRobin(),
    ejection: false,
    breaker: false,
    timeoutMs: 10_000,
    deadlineMs: 20_000,
    endpointLayers: (layers) =>
      layers.use({
        role: 'recorder',
        wrap: (next) => ({
          call(request, context) {
            asked.push(context.get(endpointKey)?.port ?? 0);
            return next.call(request, context);
          },
          status: (request) => next.status(request),
        }),
      }),
  });
  onTestFinished(async () => {
    // Ends the calls that wait there.
    for (const each of shops) each.process.kill('SIGKILL');
    await client[Symbol.asyncDispose]();
  });
  /** The ports to which so many further calls go. */
  const look = async (calls = 10) => {
    const before = asked.length;
    for (let call = 0; call < calls; call++) await client.look();
    return new Set(asked.slice(before));
  };
  return { client, asked, look };
}

/** One call is under way at the first shop, and fails or is answered elsewhere later. */
async function waitAt({ port }: Shop, { client, asked }: ReturnType<typeof clientOf>) {
  await vi.waitFor(() => {
    const calls = asked.length;
    void client.wait().catch(() => {});
    expect(asked.slice(calls)).toContain(port);
  }, patience);
}

test(
  'an endpoint that was killed with a call gets none until a connection can be made again',
  async () => {
    const [first, second] = [await openShop(), await openShop()];
    const caller = clientOf([first, second]);
    expect(await caller.look()).toEqual(new Set([first.port, second.port]));
    await waitAt(first, caller);
    await kill(first);
    // The client hears of the death a moment later: one call may reach the second endpoint by chance before.
    await vi.waitFor(async () => expect(await caller.look(20)).toEqual(new Set([second.port])), patience);
    expect(await caller.look(50)).toEqual(new Set([second.port]));
    await openShop(first.port);
    await vi.waitFor(async () => expect(await caller.look(2)).toContain(first.port), patience);
  },
  longest,
);

test('the only endpoint is called all the same, and its return is noticed by the next call', async () => {
  const only = await openShop();
  const caller = clientOf([only]);
  await waitAt(only, caller);
  await kill(only);
  await expect(caller.client.look()).rejects.toMatchObject({ code: 'FWK_HTTP_CONNECTION' });
  const again = await openShop(only.port);
  expect(await caller.client.look()).toBe(again.process.pid);
});

// Over HTTP nothing but the limit of an attempt notices it.
if (!overHttp()) {
  test(
    'an endpoint that is frozen gets no calls once its session is silent, and gets some when it goes on',
    async () => {
      const [first, second] = [await openShop(), await openShop()];
      const caller = clientOf([first, second]);
      expect(await caller.look()).toEqual(new Set([first.port, second.port]));
      first.process.kill('SIGSTOP');
      // Those that are sent there fail when the silence is noticed, and are then answered by the other.
      const answers = await Promise.all([1, 2, 3, 4].map(() => caller.client.look()));
      expect(answers).toEqual([1, 2, 3, 4].map(() => second.process.pid));
      const beginMs = performance.now();
      while (performance.now() - beginMs < 2500) expect(await caller.look()).toEqual(new Set([second.port]));
      first.process.kill('SIGCONT');
      await vi.waitFor(async () => expect(await caller.look(2)).toContain(first.port), patience);
    },
    longest,
  );
}
