/** What the drill and its processes tell each other. */

/** Where instances are known. */
export type RegistryPlace =
  | { readonly kind: 'local'; readonly port: number }
  | { readonly kind: 'consul'; readonly url: string; readonly tokenFile?: string };

/** One call as its caller saw it: operation, when it was due, how long it took from then on, and what went wrong. */
export interface CallRecord {
  readonly kind: 'read' | 'write';
  readonly dueMs: number;
  readonly tookMs: number;
  readonly error?: string;
}

/** One request on the wire: to which port, from when to when. */
export interface AttemptRecord {
  readonly port: number;
  readonly startMs: number;
  endMs: number;
}

/** All that a caller saw. */
export interface CallerRecords {
  readonly calls: readonly CallRecord[];
  readonly attempts: readonly AttemptRecord[];
  /** When its client decided to try again. */
  readonly retriesAtMs: readonly number[];
}

/** From a process to the drill. */
export type Told =
  | { readonly is: 'ready'; readonly instance: string; readonly port: number }
  | { readonly is: 'members'; readonly ids: readonly string[] }
  | ({ readonly is: 'report' } & CallerRecords);

/** From the drill to a caller: begin to call, or stop and report. */
export type Asked = { readonly start: Pace } | { readonly stop: true };

/** How much is called. */
export interface Pace {
  readonly perSecond: number;
  /** Share of calls that are not idempotent, 0 to 1. */
  readonly writeShare: number;
}

/** The environment variable that carries a {@link RegistryPlace}. */
export const registryVariable = 'DRILL_REGISTRY';
