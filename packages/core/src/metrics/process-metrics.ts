import { type AppInfo, type Clock, type Meter, systemClock } from '@fwk/kernel';
import { loopDelay } from './loop-delay.js';

/**
 * What every service shows of itself: who it is (`target_info`), memory, CPU, and how late its event loop runs. Values
 * are read at scrape. Dispose with the application.
 */
export function observeProcess(meter: Meter, app: AppInfo, clock: Clock = systemClock): Disposable {
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

  const delay = loopDelay(clock);
  if (delay) {
    const late = 'How late timers run, of the last one to two minutes';
    observe('gauge', 'nodejs.eventloop.delay.p50', 'seconds', `${late}: median.`, () => delay.read().percentile(50));
    observe('gauge', 'nodejs.eventloop.delay.p99', 'seconds', `${late}: 99th percentile.`, () =>
      delay.read().percentile(99),
    );
    observe('gauge', 'nodejs.eventloop.delay.max', 'seconds', `${late}: longest.`, () => delay.read().longest);
  }

  return {
    [Symbol.dispose]() {
      delay?.[Symbol.dispose]();
      for (const each of observed) each[Symbol.dispose]();
    },
  };
}
