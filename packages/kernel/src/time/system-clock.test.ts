import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { Timer } from './clock.js';
import { systemClock, systemRandom } from './system-clock.js';

/** Both ends of a connection. */
async function pipe(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [writer] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [reader, writer];
}

test('runs a timer after its delay, measured by its own monotonic time', async () => {
  const startMs = systemClock.now();
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5));
  // Node may fire a timer within the millisecond in which it falls due.
  expect(systemClock.now() - startMs).toBeGreaterThanOrEqual(4);
  expect(Math.abs(systemClock.wallTime() - Date.now())).toBeLessThan(1000);
});

test('never runs a timer that was cleared', async () => {
  const cleared = vi.fn();
  systemClock.clearTimer(systemClock.setTimer(cleared, 1));
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5));
  expect(cleared).not.toHaveBeenCalled();
});

test('waits as long as it can when asked for longer than a Node timer holds, instead of firing at once', async () => {
  const early = vi.fn();
  const timer = systemClock.setTimer(early, 2 ** 31, true);
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5));
  systemClock.clearTimer(timer);
  expect(early).not.toHaveBeenCalled();
});

test('keeps the process alive for a timer unless it is a background one', () => {
  const timers = [systemClock.setTimer(() => {}, 1000), systemClock.setTimer(() => {}, 1000, true)];
  expect(timers.map((timer) => (timer as { hasRef(): boolean }).hasRef())).toEqual([true, false]);
  for (const timer of timers) systemClock.clearTimer(timer);
});

test('lets what has arrived be read before a timer rings that is late', async () => {
  const [reader, writer] = await pipe();
  const seen: string[] = [];
  reader.once('data', () => seen.push('data'));
  const rang = new Promise<void>((resolve) => {
    systemClock.setTimer(() => {
      seen.push('timer');
      resolve();
    }, 20);
  });
  writer.write('answer');
  const busyUntil = performance.now() + 120;
  while (performance.now() < busyUntil);
  await rang;
  expect(seen).toEqual(['data', 'timer']);
  reader.destroy();
  writer.destroy();
});

test('never runs a timer that is cleared by what was read when it rang', async () => {
  const cleared = vi.fn();
  const timers: Timer[] = [systemClock.setTimer(cleared, 1)];
  // In the same turn of the loop in which the timer rings, before the immediates run.
  setTimeout(() => systemClock.clearTimer(timers[0]!), 1);
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 20));
  expect(cleared).not.toHaveBeenCalled();
});

test('draws at random from [0, 1)', () => {
  for (let draw = 0; draw < 100; draw++) {
    const value = systemRandom();
    expect(value >= 0 && value < 1).toBe(true);
  }
});
