import { envToken, type Resolver } from '@fwk/kernel';
import { kindOf } from '../tree/tree.js';
import type { Config } from './config.js';

const told = new WeakMap<Config, Set<string>>();

/**
 * Whether a configured value may stand in for a default: it must be of the same kind (number, text, list, ...), so that
 * code written for the default never meets something else. A default of null or undefined accepts all. A refusal is
 * logged once for each place that it was set at.
 * @param who - who keeps its default, such as `Checkout.maxItems`.
 */
export function fitsDefault(value: unknown, fallback: unknown, who: string, at: SettingPlace): boolean {
  if (value === undefined) return false;
  if (fallback === undefined || fallback === null || kindOf(value) === kindOf(fallback)) return true;
  const { config, path, resolver } = at;
  const where = config.explain(path).winner?.where ?? 'the schema';
  const reason = `${who} keeps its default: "${path}" must be ${kindOf(fallback)}, not ${kindOf(value)} (${where})`;
  const known = told.get(config) ?? new Set();
  told.set(config, known);
  if (!known.has(reason)) {
    known.add(reason);
    resolver.find(envToken)?.logger.warn({ path, where }, reason);
  }
  return false;
}

/** Which setting, of which configuration, read on whose behalf. */
export interface SettingPlace {
  readonly config: Config;
  readonly path: string;
  readonly resolver: Resolver;
}
