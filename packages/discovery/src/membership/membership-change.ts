/**
 * What changed in the list of a service's endpoints, told by calling somebody or as an iteration. Both compare the newest
 * list with the one that was told last, so that whoever is slow hears of several changes as one, and nothing piles up.
 */
import { type CallContext, cancellable, type Live } from '@fwk/kernel';
import type { Endpoint } from './endpoint.js';

/** A list of endpoints, and how it differs from the one that was told before. */
export interface MembershipChange {
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
  readonly added: readonly Endpoint[];
  /** With `added` empty too, only facts of endpoints have changed, such as their status. */
  readonly removed: readonly Endpoint[];
}

/** Calls `listener` with the endpoints that are known, if any are, and with each change from then on. */
export function followMembership(
  service: string,
  endpoints: Live<readonly Endpoint[]>,
  listener: (change: MembershipChange) => void,
): Disposable {
  let told = none;
  const tell = (list: readonly Endpoint[]) => {
    const change = differenceOf(service, told, list);
    told = list;
    listener(change);
  };
  const subscription = endpoints.subscribe(tell);
  if (endpoints.value.length > 0) tell(endpoints.value);
  return subscription;
}

/**
 * Iterates over changes, beginning with the endpoints that are known, if any are. Listens only while it waits, so an
 * iteration that is dropped half-way leaves nothing behind. It is over when one of `ends` is cancelled, and at once when
 * it is returned, though a change be waited for.
 */
export function membershipChanges(
  service: string,
  endpoints: Live<readonly Endpoint[]>,
  ends: readonly CallContext[],
): AsyncGenerator<MembershipChange, void, undefined> {
  const returned = cancellable();
  const changes = iterate(service, endpoints, [...ends, returned.context]);
  const finish = changes.return.bind(changes);
  // A generator takes a return up only when what it waits for has come.
  changes.return = (value) => {
    returned.cancel();
    return finish(value);
  };
  return changes;
}

async function* iterate(
  service: string,
  endpoints: Live<readonly Endpoint[]>,
  ends: readonly CallContext[],
): AsyncGenerator<MembershipChange, void, undefined> {
  let told = none;
  while (!ends.some(({ cancelled }) => cancelled)) {
    const list = endpoints.value;
    if (list === told || (list.length === 0 && told.length === 0)) {
      await somethingHappens(endpoints, ends);
      continue;
    }
    const change = differenceOf(service, told, list);
    told = list;
    yield change;
  }
}

const none: readonly Endpoint[] = Object.freeze([]);

function differenceOf(service: string, before: readonly Endpoint[], now: readonly Endpoint[]): MembershipChange {
  const [earlier, present] = [new Set(before), new Set(now)];
  return {
    service,
    endpoints: now,
    added: now.filter((endpoint) => !earlier.has(endpoint)),
    removed: before.filter((endpoint) => !present.has(endpoint)),
  };
}

/** Resolves at the next change or cancellation. */
function somethingHappens(endpoints: Live<readonly Endpoint[]>, ends: readonly CallContext[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const each of listening) each[Symbol.dispose]();
      resolve();
    };
    const listening = [endpoints.subscribe(done)];
    for (const context of ends) listening.push(context.onCancel(done));
  });
}
