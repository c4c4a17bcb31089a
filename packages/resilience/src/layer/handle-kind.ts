/**
 * A kind of thing that layers build and that a policy lists for people to look at, such as its breakers. It is what a layer
 * lists under, and what finds the list again.
 */
export interface HandleKind<Handle extends object> {
  /** For people: `breakers`. */
  readonly name: string;
  /** Carries the type; never set. */
  readonly handle?: Handle;
}
