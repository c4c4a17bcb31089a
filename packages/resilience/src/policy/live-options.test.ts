/** Which options of the layers take live values: those that are read anew, and no others. */
import { judgedTogether, liveValue } from '@fwk/kernel';
import { expect, test } from 'vitest';
import type { PolicyKit } from '../layer/policy-part.js';
import { canonicalOrder } from '../order/canonical-order.js';

const kit: PolicyKit = { policy: 'quote', list: () => () => {} };
const layers = canonicalOrder.filter(({ field }) => field !== 'fallback');
const options = layers.flatMap((part) => {
  const names = new Set([...Object.keys(part.defaults), ...Object.keys(part.needed ?? {})]);
  // The policy wraps what a breaker is to call.
  names.delete('onBuilt');
  return [...names].map((name) => [part.field, name, part] as const);
});

test.each(options)('%s.%s is read anew, or refused when it is live', (_, name, part) => {
  const needed = part.needed ?? {};
  const value: unknown = Reflect.get(needed, name) ?? Reflect.get(part.defaults, name);
  // As a policy hands options on: it has seen that they fit together.
  const make = () => part.make({ ...needed, [name]: judgedTogether(liveValue(value)) }, kit);
  if (part.tunable.includes(name)) expect(make).not.toThrowError();
  else expect(make).toThrowError(new RegExp(`${name} must be .*, not a live value`));
});
