import { envToken, namedEnv, type Resolver } from '@fwk/kernel';
import { parseScalar } from '../format/scalar.js';
import { kindOf } from '../tree/tree.js';
import type { Config } from './config.js';

const told = new WeakMap<Config, Set<string>>();

/**
 * The configured value that stands in for a default, or nothing. It must be of the same kind (number, text, list, ...), so
 * that code written for the default never meets something else; text that reads as a number or a boolean is taken where the
 * default is one. A default of null or undefined accepts all. A refusal is logged once for each place that it was set at.
 * @param who - who keeps its default, such as `Checkout.maxItems`.
 */
export function fittedTo(
  fallback: unknown,
  value: unknown,
  who: string,
  at: SettingPlace,
): { readonly value: unknown } | undefined {
  if (value === undefined) return undefined;
  if (fallback === undefined || fallback === null || kindOf(value) === kindOf(fallback)) return { value };
  const read = typeof value === 'string' ? parseScalar(value) : value;
  if (kindOf(read) === kindOf(fallback)) return { value: read };
  const { config, path, resolver } = at;
  const where = config.explain(path).winner?.where ?? 'the schema';
  const reason = `${who} keeps its default: "${path}" must be ${kindOf(fallback)}, not ${kindOf(value)} (${where})`;
  const known = told.get(config) ?? new Set();
  told.set(config, known);
  if (!known.has(reason)) {
    known.add(reason);
    const env = resolver.find(envToken);
    if (env) namedEnv(env, 'config').logger.warn({ path, where }, reason);
  }
  return undefined;
}

/** Which setting, of which configuration, read on whose behalf. */
export interface SettingPlace {
  readonly config: Config;
  readonly path: string;
  readonly resolver: Resolver;
}
