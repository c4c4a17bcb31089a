import { metricTable } from '@fwk/kernel';

const recently = 'How late timers run, of the last one to two minutes';

/** The metrics of this package. */
export const coreMetrics = metricTable({
  'target.info': {
    kind: 'gauge',
    help: 'Which service this is.',
    labels: {
      'service.name': 'its name',
      'service.version': 'its version',
      'service.instance.id': 'this instance of it',
      'service.owner': 'the team that owns it',
    },
  },
  'process.uptime': { kind: 'gauge', help: 'Time since the process began.', unit: 'seconds' },
  'process.memory.usage': { kind: 'gauge', help: 'Resident memory.', unit: 'bytes' },
  'process.cpu.time': {
    kind: 'counter',
    help: 'CPU time spent.',
    unit: 'seconds',
    labels: { 'cpu.mode': '`user` or `system`' },
  },
  'nodejs.heap.used': { kind: 'gauge', help: 'JavaScript heap in use.', unit: 'bytes' },
  'nodejs.eventloop.delay.p50': { kind: 'gauge', help: `${recently}: median.`, unit: 'seconds' },
  'nodejs.eventloop.delay.p99': { kind: 'gauge', help: `${recently}: 99th percentile.`, unit: 'seconds' },
  'nodejs.eventloop.delay.max': { kind: 'gauge', help: `${recently}: longest.`, unit: 'seconds' },
  'fwk.metrics.folded': {
    kind: 'gauge',
    help: 'About how many different series an instrument was asked for beyond its limit; they share the series `other`, and observed ones are not read.',
    labels: { instrument: 'name of the instrument', label: 'its label with most different values' },
  },
  'fwk.usage.periods': { kind: 'gauge', help: 'Closed periods of usage that no reader has acknowledged.' },
  'fwk.usage.folded': {
    kind: 'counter',
    help: 'Calls whose usage was counted without the name of their caller, because a period had too many callers.',
  },
  'fwk.topology.folded': {
    kind: 'counter',
    help: 'Calls that no edge of the topology shows, because there were too many different ones.',
  },
  'trace.spans.exported': { kind: 'counter', help: 'Spans that the collector has taken.' },
  'trace.spans.dropped': {
    kind: 'counter',
    help: 'Spans that did not reach the collector.',
    labels: { reason: '`queue-full`, `refused`, `unreachable` or `rejected`' },
  },
  'fwk.metrics.registry.failures': {
    kind: 'counter',
    help: 'Scrapes that lack the metrics of an included registry: it threw or did not answer in time.',
  },
});
