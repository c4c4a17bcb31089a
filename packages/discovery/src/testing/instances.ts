import { type Instance, parseInstance } from '../instance.js';

/** A valid instance for tests, `UP` at 127.0.0.1:4001; parts replace its facts. */
export function anInstance(parts: Partial<Instance> = {}): Instance {
  return parseInstance({
    id: 'inventory-1',
    service: 'inventory',
    version: '1.0.0',
    address: '127.0.0.1',
    port: 4001,
    startedAtMs: 1_700_000_000_000,
    status: 'UP',
    ...parts,
  });
}
