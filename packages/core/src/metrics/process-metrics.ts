import { type AppInfo, type Clock, type InstrumentSpec, type Meter, systemClock } from '@fwk/kernel';
import { coreMetrics } from '../core-metrics.js';
import { loopDelay } from './loop-delay.js';

/**
 * What every service shows of itself: who it is (`target_info`), memory, CPU, and how late its event loop runs. Values
 * are read at scrape. Dispose with the application.
 */
export function observeProcess(meter: Meter, app: AppInfo, clock: Clock = systemClock): Disposable {
  const observed: Disposable[] = [];
  const observe = (
    row: InstrumentSpec & { readonly kind: 'gauge' | 'counter' },
    read: () => number,
    labels: Readonly<Record<string, string>> = {},
  ) => observed.push(meter.observe(row.kind, row, labels, read));

  const identity = {
    'service.name': app.name,
    'service.version': app.version,
    'service.instance.id': app.instanceId,
    'service.owner': app.owner,
  };
  const cpu = coreMetrics['process.cpu.time'];
  observe(coreMetrics['target.info'], () => 1, identity);
  observe(coreMetrics['process.uptime'], () => process.uptime());
  observe(coreMetrics['process.memory.usage'], () => process.memoryUsage.rss());
  observe(coreMetrics['nodejs.heap.used'], () => process.memoryUsage().heapUsed);
  observe(cpu, () => process.cpuUsage().user / 1e6, { 'cpu.mode': 'user' });
  observe(cpu, () => process.cpuUsage().system / 1e6, { 'cpu.mode': 'system' });

  const delay = loopDelay(clock);
  if (delay) {
    observe(coreMetrics['nodejs.eventloop.delay.p50'], () => delay.read().percentile(50));
    observe(coreMetrics['nodejs.eventloop.delay.p99'], () => delay.read().percentile(99));
    observe(coreMetrics['nodejs.eventloop.delay.max'], () => delay.read().longest);
  }

  return {
    [Symbol.dispose]() {
      delay?.[Symbol.dispose]();
      for (const each of observed) each[Symbol.dispose]();
    },
  };
}
