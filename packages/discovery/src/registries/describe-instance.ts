import type { Instance } from '../instance.js';

/** An instance as messages name it: `inventory at 127.0.0.1:4001`. */
export function describeInstance({ service, address, port }: Instance): string {
  return `${service} at ${address}:${port}`;
}
