import { numberOf } from '../layer/setting-of.js';
import { canonicalOrder } from '../order/canonical-order.js';
import type { PolicyOptions } from './policy-options.js';

/**
 * Contradictions between options of different layers, each with its reason. An option that is left out is judged by its
 * default, a live value as it is now. Contradictions within one layer are found by the layer's own check.
 */
export function contradictions(options: PolicyOptions): readonly string[] {
  const limits = { deadlineMs: limitOf(options.deadlineMs), timeoutMs: limitOf(options.timeoutMs) };
  return canonicalOrder.flatMap((part, index) => {
    const mayWait = canonicalOrder.slice(index + 1).some((inner) => {
      const given = inner.optionsIn(options);
      return given !== undefined && inner.waits(given);
    });
    return part.contradictions(options, { ...limits, mayWait });
  });
}

/** A limit in milliseconds; what is none is refused by its layer and contradicts nothing. */
function limitOf(option: unknown): number | undefined {
  const limit = numberOf(option);
  return limit !== undefined && limit > 0 ? limit : undefined;
}
