import type { Priority } from '@fwk/kernel';
import type { JsonSchemaObject } from '../evolution/json-schema.js';

const priorities: readonly Priority[] = ['critical', 'default', 'sheddable', 'background'];

/** What `fwk-contract openapi` wrote of an operation as `x-fwk`; what is of no use is passed over. */
export function ownFacts({ idempotent, priority, timeoutMs }: JsonSchemaObject): {
  readonly idempotent?: boolean;
  readonly priority?: Priority;
  readonly timeoutMs?: number;
} {
  const known = priorities.find((each) => each === priority);
  const isTime = typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= 3_600_000;
  return {
    ...(typeof idempotent === 'boolean' && { idempotent }),
    ...(known && { priority: known }),
    ...(isTime && { timeoutMs }),
  };
}
