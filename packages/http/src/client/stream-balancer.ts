/**
 * The default balancer for a contract with streams: how long the first item took says nothing of a stream, so those go where the
 * fewest calls are under way, and all others by latency.
 */
import { type Balancer, leastRequest, type Picker } from '@fwk/discovery';
import type { OperationRequest } from '../calling/operation-request.js';

/** @param others - chooses for operations that are no streams, and measures. */
export function streamsByLeastRequest(others: Balancer): Balancer {
  const forStreams = leastRequest();
  return {
    role: others.role,
    describe: () => ({ ...others.describe?.(), streams: forStreams.role }),
    meter: (env, previous, row) => others.meter(env, previous, row),
    picker(candidates, env, previous) {
      const before = previous instanceof ByKind ? previous.usual : previous;
      return new ByKind(others.picker(candidates, env, before), forStreams.picker(candidates, env));
    },
  };
}

class ByKind implements Picker {
  readonly usual: Picker;
  readonly #streams: Picker;

  constructor(usual: Picker, streams: Picker) {
    this.usual = usual;
    this.#streams = streams;
  }

  pick(...[nowMs, request, context]: Parameters<Picker['pick']>): ReturnType<Picker['pick']> {
    const plan = (request as Partial<OperationRequest> | undefined)?.operation?.plan;
    const picker = plan?.stream || plan?.bodyStream ? this.#streams : this.usual;
    return picker.pick(nowMs, request, context);
  }

  reported(...[nowMs, candidate]: Parameters<NonNullable<Picker['reported']>>): void {
    this.usual.reported?.(nowMs, candidate);
  }
}
