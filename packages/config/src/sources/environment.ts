/**
 * Environment variables override files (12-factor). `FWK_CHECKOUT__MAX_ITEMS=20` sets `checkout.maxItems`: the prefix
 * goes, two underscores separate levels, and each part is matched without regard to case and underscores against the
 * names that the sources below use there. A part that nothing below knows becomes camelCase. Only single values can be
 * set; see {@link parseScalar} for how they are read. Where a source below has text, the variable stays text.
 */
import { checkOptions, isOwnVariable, type Rule, text } from '@fwk/kernel';
import type { ConfigSource } from '../source/source.js';
import { camelCase, NamedTexts } from './named-texts.js';

/** Options of {@link environmentSource}. */
export interface EnvironmentOptions {
  /** Variables that start with it are settings. @defaultValue 'FWK_' */
  readonly prefix?: string;
  /** Where variables are read from. @defaultValue process.env */
  readonly source?: Readonly<Record<string, string | undefined>>;
  /**
   * Full names that are no settings although they start with the prefix; those that the framework itself reads never
   * are (see `isOwnVariable` of the kernel).
   * @defaultValue []
   */
  readonly ignore?: readonly string[];
}

/** Defaults of {@link EnvironmentOptions}; `source` is looked up when the source is made. */
export const environmentDefaults = Object.freeze({
  prefix: 'FWK_',
  ignore: Object.freeze([]) as readonly string[],
});

const variables: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object of variables');
const names: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string') ? undefined : 'a list of names';

/** Makes the source. A process does not see its own environment change, so nothing is watched. */
export function environmentSource(options: EnvironmentOptions = {}): ConfigSource {
  const { prefix, source, ignore } = checkOptions<Required<EnvironmentOptions>>(
    'environmentSource',
    options,
    { ...environmentDefaults, source: process.env },
    { prefix: text, source: variables, ignore: names },
  );
  const name = 'environment';
  return {
    name,
    async load({ call, below }) {
      if (call.cancelled) throw call.reason;
      const texts = new NamedTexts(below, camelCase);
      for (const variable of Object.keys(source).sort()) {
        const value = source[variable];
        const parts = ignore.includes(variable) ? undefined : settingNamedBy(variable, prefix);
        if (parts && value !== undefined) texts.add(parts, value, { source: name, variable });
      }
      return texts.values();
    },
    watch: () => ({ [Symbol.dispose]() {} }),
  };
}

/** The parts of the setting that a variable names; undefined for one that names none. */
export function settingNamedBy(variable: string, prefix: string): readonly string[] | undefined {
  if (!variable.startsWith(prefix) || isOwnVariable(variable)) return undefined;
  const parts = variable.slice(prefix.length).split('__');
  // `FWK_` alone or a lone trailing separator names nothing; other programs' variables look like that.
  return parts.includes('') ? undefined : parts;
}
