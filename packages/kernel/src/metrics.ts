import { metricTable } from './telemetry/metric-table.js';

/** The metrics of this package. */
export const kernelMetrics = metricTable({
  'tls.certificate.expires': {
    kind: 'gauge',
    help: 'When the certificate in use ends, since the epoch.',
    unit: 'seconds',
    labels: { owner: 'who shows the certificate, such as a server or a client' },
  },
});
