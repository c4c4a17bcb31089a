/** Calls that are made one after the other by so many callers, and what they took. */
import { performance } from 'node:perf_hooks';

/**
 * Makes `calls` calls, `concurrency` of them always under way.
 * @param {() => Promise<unknown>} call rejects when the answer is wrong
 * @returns calls a second, time of a call in microseconds, and the CPU time of this process a call, in microseconds
 */
export async function makeCalls(call, { calls, concurrency }) {
  const times = [];
  let left = calls;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) {
        const beganMs = performance.now();
        await call();
        times.push(performance.now() - beganMs);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { rps: calls / seconds, cpuUs: (user + system) / calls, ...quantiles(times) };
}

/**
 * Makes calls at a steady pace, whatever the answers do; their time counts from when each was due.
 * @returns time of a call in microseconds
 */
export async function makePacedCalls(call, { perSecond, durationMs }) {
  const times = [];
  const underWay = [];
  const startMs = performance.now();
  const count = Math.floor((perSecond * durationMs) / 1000);
  const send = async (dueMs) => {
    await call();
    times.push(performance.now() - dueMs);
  };
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(count, ((performance.now() - startMs) / 1000) * perSecond);
      while (underWay.length < due) underWay.push(send(startMs + (underWay.length / perSecond) * 1000));
      if (underWay.length < count) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(underWay);
  return quantiles(times);
}

/** Nearest rank, of times in milliseconds. */
function quantiles(times) {
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.max(0, Math.ceil(q * times.length) - 1)] * 1000;
  return { p50Us: at(0.5), p99Us: at(0.99) };
}
