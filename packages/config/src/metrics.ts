import { metricTable } from '@fwk/kernel';

/** The metrics of this package. */
export const configMetrics = metricTable({
  'config.version': { kind: 'gauge', help: 'How often settings have changed since the start, counted from 1.' },
  'config.hash': {
    kind: 'gauge',
    help: 'A hash of the settings in effect as a number; equal settings have equal ones.',
  },
});
