/** What the drill and its processes tell each other. */
import type { WireChoice } from '@fwk/http';

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
  /** True when it was answered by the caller's own fallback. */
  readonly fallback?: boolean;
}

/** One attempt at a call: to which port, from when to when. */
export interface AttemptRecord {
  readonly port: number;
  readonly startMs: number;
  endMs: number;
}

/** All that a caller saw. */
export interface CallerRecords {
  readonly calls: readonly CallRecord[];
  readonly attempts: readonly AttemptRecord[];
  /** When each HTTP request was sent. */
  readonly httpAtMs: readonly number[];
  /** When its client decided to try again. */
  readonly retriesAtMs: readonly number[];
}

/** From a process to the drill. */
export type Told =
  | { readonly is: 'ready'; readonly instance: string; readonly port: number }
  | { readonly is: 'members'; readonly ids: readonly string[] }
  | { readonly is: 'settings'; readonly generation: number }
  | { readonly is: 'refused'; readonly reason: string }
  | ({ readonly is: 'report' } & CallerRecords);

/** From the drill to a caller: begin to call, or stop and report. */
export type CallerAsked = { readonly start: Pace } | { readonly stop: true };

/** From the drill to an instance: fail each call from now on, or none. */
export interface TargetAsked {
  readonly fail: boolean;
}

/** Options of a caller's client. */
export interface CallerOptions {
  readonly wire?: WireChoice;
  /** Time for one attempt. */
  readonly timeoutMs?: number;
  /** Whether calls that fail are answered by a fallback. @defaultValue false */
  readonly fallback?: boolean;
}

/**
 * What an instance does with Mux: `served` serves it beside HTTP, `off` serves and announces HTTP alone, `mute` announces both and
 * never answers connections that speak Mux.
 */
export type MuxMode = 'served' | 'off' | 'mute';

/** Where an instance finds its settings in Consul. */
export interface SettingsPlace {
  readonly url: string;
  /** A tree of keys below it. */
  readonly folder: string;
  /** A document under it. */
  readonly key: string;
}

/** How much is called. */
export interface Pace {
  readonly perSecond: number;
  /** Share of calls that are not idempotent, 0 to 1. */
  readonly writeShare: number;
}

/** The environment variable that carries a {@link RegistryPlace}. */
export const registryVariable = 'DRILL_REGISTRY';
/** The one that carries {@link CallerOptions}. */
export const callerVariable = 'DRILL_CALLER';
/** The one that carries a {@link SettingsPlace}; without it there are no settings. */
export const settingsVariable = 'DRILL_SETTINGS';
/** The one that carries a {@link MuxMode}. */
export const muxVariable = 'DRILL_MUX';
