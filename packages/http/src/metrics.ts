import { metricTable } from '@fwk/kernel';

/** The metrics of this package. */
export const httpMetrics = metricTable({
  'http.server.request.duration': {
    kind: 'histogram',
    help: 'How long requests took to answer.',
    unit: 'seconds',
    labels: {
      'http.request.method': 'the method of the operation',
      'http.route': 'its path, such as `/stock/{sku}`',
      'http.response.status_code': 'the status; 499 for callers that went away',
      'url.scheme': 'the wire: `http` or `mux`',
      'network.protocol.name': '`mux`, over that wire only',
    },
  },
  'http.client.request.duration': {
    kind: 'histogram',
    help: 'How long each attempt at a request took.',
    unit: 'seconds',
    labels: {
      'http.request.method': 'the method of the operation',
      'url.template': 'its path, such as `/stock/{sku}`',
      'server.address': 'name of the service that is called',
      'network.protocol.name': 'the wire: `http` or `mux`',
      'http.response.status_code': 'the status; empty where none was answered',
      'error.type': 'the status from 400 on, the code of an error, `cancelled` or `_OTHER`; else empty',
    },
  },
  'http.client.operation.duration': {
    kind: 'histogram',
    help: 'How long calls of operations took, all attempts and pauses included.',
    unit: 'seconds',
    labels: { operation: 'the operation, such as `inventory.stock`', outcome: '`success`, `failure` or `ignored`' },
  },
  'http.server.stream.items': {
    kind: 'counter',
    help: 'Items of streams that were sent or received.',
    labels: { operation: 'the operation, such as `inventory.prices`', direction: '`out` for answers, `in` for bodies' },
  },
  'http.server.stream.duration': {
    kind: 'histogram',
    help: 'How long streams of answers lasted, from the request on.',
    unit: 'seconds',
    labels: {
      operation: 'the operation, such as `inventory.prices`',
      end: '`ended`, `failed`, `drained` or `left` by the caller',
    },
  },
  'http.client.stream.items': {
    kind: 'counter',
    help: 'Items of streams that were received or sent.',
    labels: { operation: 'the operation, such as `inventory.prices`', direction: '`in` for answers, `out` for bodies' },
  },
  'http.client.stream.resumed': {
    kind: 'counter',
    help: 'How often streams that had broken were called again from their last item.',
    labels: { operation: 'the operation, such as `inventory.prices`' },
  },
  'http.client.cost': {
    kind: 'counter',
    help: 'What the answers of a service cost, in the unit in which its client gives it.',
    labels: {
      'server.address': 'name of the service that is called',
      operation: 'the operation, such as `payment-provider.pay`',
    },
  },
  'http.client.failovers': {
    kind: 'counter',
    help: 'Calls that went on to another provider of their contract.',
    labels: {
      'server.address': 'name of the first provider',
      to: 'name of the provider that was asked instead',
      operation: 'name of the operation in its contract',
      result: '`answered` or `failed`',
    },
  },
  'http.client.shadow.copies': {
    kind: 'counter',
    help: 'Calls drawn to be copied to another version, and how the answers to the copies compared.',
    labels: {
      'server.address': 'name of the service that is called',
      operation: 'name of the operation in its contract',
      result: '`same`, `different`, `failed`, `uncompared`, `comparator-failed` or `left-out`',
    },
  },
});
