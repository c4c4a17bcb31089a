import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AppInfo, Meter } from '@fwk/kernel';

/** How finely the event loop's delay is sampled, in milliseconds; the timer behind it lives outside JavaScript. */
const delayResolutionMs = 20;

/**
 * What every service shows of itself: who it is (`target_info`), memory, CPU, and how late its event loop runs. Values
 * are read at scrape. Dispose with the application.
 */
export function observeProcess(meter: Meter, app: AppInfo): Disposable {
  const observed: Disposable[] = [];
  const observe = (
    kind: 'gauge' | 'counter',
    name: string,
    unit: string | undefined,
    help: string,
    read: () => number,
    labels: Readonly<Record<string, string>> = {},
  ) => {
    observed.push(meter.observe(kind, unit === undefined ? { name, help } : { name, help, unit }, labels, read));
  };

  const identity = {
    'service.name': app.name,
    'service.version': app.version,
    'service.instance.id': app.instanceId,
    'service.owner': app.owner,
  };
  observe('gauge', 'target.info', undefined, 'Which service this is.', () => 1, identity);
  observe('gauge', 'process.uptime', 'seconds', 'Time since the process began.', () => process.uptime());
  observe('gauge', 'process.memory.usage', 'bytes', 'Resident memory.', () => process.memoryUsage.rss());
  observe('gauge', 'nodejs.heap.used', 'bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  const cpu = 'CPU time spent.';
  observe('counter', 'process.cpu.time', 'seconds', cpu, () => process.cpuUsage().user / 1e6, { 'cpu.mode': 'user' });
  observe('counter', 'process.cpu.time', 'seconds', cpu, () => process.cpuUsage().system / 1e6, {
    'cpu.mode': 'system',
  });

  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delay.enable();
  // The sampled value includes the resolution itself; below it the loop is simply idle.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - delayResolutionMs / 1000) || 0;
  observe('gauge', 'nodejs.eventloop.delay.p50', 'seconds', 'How late timers run, median.', () =>
    late(delay.percentile(50)),
  );
  observe('gauge', 'nodejs.eventloop.delay.p99', 'seconds', 'How late timers run, 99th percentile.', () =>
    late(delay.percentile(99)),
  );
  observe(
    'gauge',
    'nodejs.eventloop.delay.max',
    'seconds',
    'How late timers ran at most since the last scrape.',
    () => {
      const longest = late(delay.max);
      delay.reset();
      return longest;
    },
  );

  return {
    [Symbol.dispose]() {
      delay.disable();
      for (const each of observed) each[Symbol.dispose]();
    },
  };
}
