import type { Wire } from '@fwk/discovery';
import { type ContextKey, contextKey } from '@fwk/kernel';

/** Where an attempt writes down which wire it took, for its telemetry. */
export interface TakenWire {
  /** `http` unless the attempt takes another. */
  wire: Wire;
}

/** Set by the telemetry of an attempt; undefined without telemetry. */
export const takenWireKey: ContextKey<TakenWire | undefined> = contextKey<TakenWire | undefined>(
  'taken wire',
  undefined,
  true,
);
