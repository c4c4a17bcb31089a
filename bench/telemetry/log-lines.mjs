/** One log line by ours and by bare pino: the same fields, to the same kind of destination. */
import { createLogger } from '@fwk/core';
import { pino } from 'pino';

const bindings = { service: 'shop', instance: 'shop-1', version: '1.0.0' };
const destination = () => pino.destination({ dest: '/dev/null', sync: true });

/** A line by each. Sampling is off: equal lines would be left out, which costs nothing at all. */
export function logLines() {
  const ours = createLogger({ destination: destination(), bindings, sampling: false });
  const bare = pino({ base: bindings, messageKey: 'message' }, destination());
  return {
    logLine: (order) => ours.info({ order, items: 3, sku: 'lamp-7' }, 'placed'),
    pinoLine: (order) => bare.info({ order, items: 3, sku: 'lamp-7' }, 'placed'),
  };
}
