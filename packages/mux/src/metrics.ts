import { metricTable } from '@fwk/kernel';

const whose = { side: '`client` or `server`', 'server.address': 'name of the service that is called, of clients' };

/** The metrics of this package. */
export const muxMetrics = metricTable({
  'mux.sessions': { kind: 'gauge', help: 'Open Mux sessions.', labels: whose },
  'mux.frames': {
    kind: 'counter',
    help: 'Frames that Mux sessions sent and received.',
    labels: { ...whose, direction: '`received` or `sent`' },
  },
  'mux.writes': { kind: 'counter', help: 'Writes to the connections of Mux sessions.', labels: whose },
});
