import type { Wire } from '@fwk/discovery';
import { type ContextKey, contextKey } from '@fwk/kernel';

/** Who observes an attempt is told which wire it took. */
export interface TakenWire {
  /** `http` until somebody says otherwise. */
  wire: Wire;
}

/** Who observes this attempt; undefined where nobody does. */
export const takenWireKey: ContextKey<TakenWire | undefined> = contextKey<TakenWire | undefined>(
  'taken wire',
  undefined,
  true,
);
