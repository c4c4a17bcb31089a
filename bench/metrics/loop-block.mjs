import { performance } from 'node:perf_hooks';

/**
 * The longest time for which work holds the event loop, in milliseconds: between two turns of it while the work is under way.
 * The time between one turn and the next that is not the work's is some microseconds.
 */
export async function longestBlock(work) {
  let longestMs = 0;
  let lastMs = performance.now();
  let over = false;
  const turn = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  await new Promise((resolve) => setImmediate(resolve));
  return longestMs;
}
