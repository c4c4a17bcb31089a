/**
 * The HTTP format of Spring Cloud Config, so that services can share the config server of an estate: `/application/profiles/label` answers
 * property sources, the strongest first, with flat names (`shop.max-items`, `servers[0].host`).
 */
import { checkOptions, OptionsError, text } from '@fwk/kernel';
import { ConfigError } from '../../errors.js';
import { parseJson } from '../../format/parse-json.js';
import type { ConfigSource, SourceContext } from '../../source/source.js';
import { type ConfigPath, formatPath } from '../../tree/path.js';
import { type ConfigTree, copyTree, isTree, kindOf } from '../../tree/tree.js';
import { profileNames } from '../file/profile-files.js';
import { joined, type PartOfSource } from '../joined.js';
import { NamedTexts } from '../named-texts.js';
import { type HttpSourceOptions, httpSourceDefaults, httpSourceRules, readUrl } from './http.js';
import { HttpDocument } from './http-document.js';

/** Options of {@link springConfigSource}. */
export interface SpringConfigOptions extends HttpSourceOptions {
  /** Name of the application on the server. No default. */
  readonly application: string;
  /** Profiles, the strongest last. @defaultValue ['default'] */
  readonly profiles: readonly string[];
  /** Branch or tag of the server's repository. @defaultValue 'main' */
  readonly label: string;
}

/** Defaults of {@link SpringConfigOptions}. */
export const springConfigDefaults: Omit<SpringConfigOptions, 'application'> = Object.freeze({
  ...httpSourceDefaults,
  profiles: Object.freeze(['default']),
  label: 'main',
});

/**
 * Settings from a server that speaks the HTTP format of Spring Cloud Config. Names are spelled as the sources below do, without regard to case, `_` and
 * `-`; Spring's `${name:usual}` is read as `${name:-usual}`. Values that the server could not decrypt stay as they are.
 * @param address - of the server, such as `https://config.example:8888`.
 * @throws OptionsError.
 */
export function springConfigSource(
  address: string,
  options: Partial<SpringConfigOptions> & Pick<SpringConfigOptions, 'application'>,
): ConfigSource {
  const checked = checkOptions<SpringConfigOptions>(
    'springConfigSource',
    options,
    springConfigDefaults as SpringConfigOptions,
    {
      ...httpSourceRules,
      application: text,
      profiles: profileNames,
      label: text,
    },
  );
  if (checked.profiles.length === 0) throw new OptionsError('springConfigSource', ['profiles must name at least one']);
  const { application, profiles, label } = checked;
  const base = readUrl('springConfigSource', address);
  // A slash within a label is written (_) in Spring's addresses.
  const path = [application, profiles.join(','), label.replaceAll('/', '(_)')].map(encodeURIComponent).join('/');
  const name = checked.name ?? `${base.label.replace(/\/$/, '')}/${path}`;
  const url = `${base.url.replace(/\/$/, '')}/${path}`;
  const document = new HttpDocument(name, url, { ...checked, headers: { ...base.authorization, ...checked.headers } });
  return {
    name,
    async load(context) {
      const { text: content } = await document.load(context.call, context.env);
      const parts = partsIn(name, parseJson(content, name).value, context);
      if (parts.length > 0) return joined(parts);
      const what = `the server has no settings of "${application}" for ${profiles.join(', ')}`;
      const message = `${what}; check the name, or make the source optional by optionalSource()`;
      throw new ConfigError('FWK_CONFIG_KEY_MISSING', message, { origin: { source: name } });
    },
    watch: (changed, env) => document.watch(changed, env),
  };
}

function partsIn(source: string, answer: unknown, context: SourceContext): readonly PartOfSource[] {
  const listed = isTree(answer) ? answer.propertySources : undefined;
  if (!Array.isArray(listed)) {
    const message = 'it answers JSON without "propertySources"; check the address and the name of the application';
    throw new ConfigError('FWK_CONFIG_SOURCE_FORMAT', message, { origin: { source } });
  }
  // Spring lists the strongest first.
  return listed.toReversed().map((each) => partOf(source, each, context.below));
}

function partOf(source: string, given: unknown, below: ConfigTree): PartOfSource {
  const { name, source: properties } = isTree(given) ? given : {};
  if (typeof name !== 'string' || !isTree(properties)) {
    const message = `a property source must have a name and an object "source", not ${kindOf(properties)}`;
    throw new ConfigError('FWK_CONFIG_SOURCE_FORMAT', message, { origin: { source } });
  }
  const texts = new NamedTexts(below);
  const lists = new Set<string>();
  for (const [property, value] of Object.entries(properties)) {
    const origin = { source, key: `${property} of ${name}` };
    const parts = partsOf(property, lists);
    if (typeof value === 'string')
      texts.add(
        parts,
        value.replace(springUsual, (_, known, usual) => `\${${known}:-${usual}}`),
        origin,
      );
    else texts.addValue(parts, value, origin);
  }
  // Its lists are told by brackets, and replace others as a whole.
  const values = texts.values(false);
  return { ...values, tree: withLists(copyTree(values.tree, { source }), [], lists) as ConfigTree };
}

/** `${name:usual}`, but neither `${env:NAME}` nor `${file:PATH}` nor what is written our way. */
const springUsual = /\$\{(?!env:|file:)([^{}:]+):(?!-)([^{}]*)\}/g;

/** Splits `servers[0].host`, and notes which paths are lists. */
function partsOf(property: string, lists: Set<string>): string[] {
  const parts: string[] = [];
  for (const piece of property.split('.')) {
    const [name = '', ...indexes] = piece.split(/\[(\d{1,6})\]/).filter((part) => part !== '');
    parts.push(name);
    for (const index of indexes) {
      lists.add(fold(parts));
      parts.push(index);
    }
  }
  return parts;
}

/** Turns the objects at these paths into lists. */
function withLists(value: unknown, path: ConfigPath, lists: ReadonlySet<string>): unknown {
  if (!isTree(value)) return value;
  const members = Object.entries(value).map(([key, item]) => [key, withLists(item, [...path, key], lists)] as const);
  if (!lists.has(fold(path)) || members.some(([key]) => !/^\d+$/.test(key))) return Object.fromEntries(members);
  return members.sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
}

/** Written path without what differs in spelling only. */
function fold(path: ConfigPath): string {
  return formatPath(path).replace(/[_-]/g, '').toLowerCase();
}
