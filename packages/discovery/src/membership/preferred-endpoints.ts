import { combine, type Live } from '@fwk/kernel';
import type { Endpoint } from './endpoint.js';
import { monitorBy, monitorOf } from './monitor.js';
import { suspect, suspectBy } from './suspect.js';

/** Which of two lists is taken: only one, or the first while it has any endpoints and else the second. */
export type ListChoice = 'first' | 'second' | 'first-or-second';

const none: readonly Endpoint[] = Object.freeze([]);

/**
 * One list of endpoints out of two. What balancers measure and suspect of its endpoints is told to those who are told of the
 * second list.
 */
export function preferredEndpoints(
  first: Live<readonly Endpoint[]>,
  second: Live<readonly Endpoint[]>,
  choice: Live<ListChoice>,
): Live<readonly Endpoint[]> {
  const list = combine([first, second, choice], (preferred, others, taken) => {
    if (taken !== 'second' && preferred.length > 0) return preferred;
    return taken === 'first' ? none : others;
  });
  const monitor = monitorOf(second);
  if (monitor) monitorBy(list, monitor);
  suspectBy(list, (endpoint) => {
    if (second.value.includes(endpoint)) suspect(second, endpoint);
  });
  return list;
}
