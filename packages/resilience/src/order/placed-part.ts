import type { PartTypes, PlainPolicy, PolicyPart } from '../layer/policy-part.js';

/**
 * - `call`: round a whole call, before an endpoint is chosen for each attempt;
 * - `endpoint`: before one endpoint;
 * - `server`: before the handlers of a server.
 *
 * A function has no endpoints to choose from: the first two join.
 */
export type Scope = 'call' | 'endpoint' | 'server';

/** A layer at its place in the order. */
export interface PlacedPart<T extends PartTypes = PartTypes, S extends Scope = Scope> extends PolicyPart<T> {
  /** Where it may stand. */
  readonly scopes: readonly S[];
  /** Why it stands where it does. */
  readonly reason: string;
}

/** One line of the order. */
export function place<T extends PartTypes, const S extends Scope>(
  scopes: readonly S[],
  part: PolicyPart<T>,
  reason: string,
): PlacedPart<T, S> {
  return Object.freeze({ ...part, scopes: Object.freeze([...scopes]), reason });
}

/** All that the parts in some scopes add to the options of a policy. */
export type OptionsOf<Parts extends readonly PlacedPart[], S extends Scope = Scope> = Together<
  Parts[number] extends infer P
    ? P extends PlacedPart<infer T, infer Own>
      ? S & Own extends never
        ? never
        : T['policy']
      : never
    : never
>;

/** The same as plain data. */
export type SettingsOf<Parts extends readonly PlacedPart[]> = Together<
  Parts[number] extends infer P ? (P extends PlacedPart<infer T> ? SettingsOfPart<T> : never) : never
>;

/** All that they add to the counts of a policy. */
export type CountsOf<Parts extends readonly PlacedPart[]> = Together<
  Parts[number] extends infer P ? (P extends PlacedPart<infer T> ? NonNullable<T['counts']> : never) : never
>;

type SettingsOfPart<T extends PartTypes> = T extends { readonly settings: infer Settings }
  ? Settings
  : PlainPolicy<T['policy']>;

/** One type that has all members of these. */
type Together<Types> = (Types extends unknown ? (all: Types) => void : never) extends (all: infer All) => void
  ? All
  : never;
