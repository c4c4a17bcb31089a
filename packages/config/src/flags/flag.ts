/**
 * Flags for the fields of classes that a container builds. In an object made by plain `new` they answer the default, so that a unit
 * test needs neither container nor configuration.
 */
import { currentResolver, type Live, liveValue } from '@fwk/kernel';
import type { FlagAnswer } from './flag-answer.js';
import type { FlagContext } from './flag-context.js';
import { type Flags, flagsToken } from './flags.js';
import { LiveFlags } from './live-flags.js';

/** One flag with the default of whoever asks. */
export interface FlagReader<T> {
  readonly name: string;
  /** What it answers now, for the context of the current call. */
  readonly value: T;
  /** What it answers for a context of one's own. */
  valueFor(context: FlagContext): T;
  /** The same with variant and reason. @param context - @defaultValue that of the current call */
  evaluate(context?: FlagContext): FlagAnswer<T>;
}

/**
 * One flag, for a field: `private readonly express = flag('express-checkout', false)`, asked by `this.express.value`.
 * @param fallback - what it answers where the flag is missing, of another kind, or has no answer; outside a container it always does.
 */
export function flag<T>(name: string, fallback: T): FlagReader<T> {
  const all = flags();
  return {
    name,
    get value() {
      return all.evaluate(name, fallback).value;
    },
    valueFor: (context) => all.evaluate(name, fallback, context).value,
    evaluate: (context) => all.evaluate(name, fallback, context),
  };
}

/** All flags of the application that is building the caller. Outside a container there are none, and all answer their defaults. */
export function flags(): Flags {
  return currentResolver()?.find(flagsToken) ?? new LiveFlags();
}

/**
 * What a flag answers for one context that stays, live: for options that follow a flag.
 * @param context - @defaultValue nobody in particular
 */
export function flagLive<T>(name: string, fallback: T, context?: FlagContext): Live<T> {
  const known = currentResolver()?.find(flagsToken);
  return known ? known.live(name, fallback, context) : liveValue(fallback, { name });
}
