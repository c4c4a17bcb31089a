/** Reads what the sources say of the options of their interfaces, so that a page can repeat it and never drift from it. */

/**
 * @typedef {{ readonly text: string, readonly usual: string | undefined }} Doc what an option does, and its documented default
 */

/**
 * @param {readonly string[]} sources texts of TypeScript files
 * @returns {ReadonlyMap<string, ReadonlyMap<string, Doc>>} by interface and member, inherited members first
 */
export function docsOf(sources) {
  const own = new Map();
  const bases = new Map();
  for (const text of sources) {
    const interfaces = text.matchAll(
      /^(?:export )?interface (\w+)(?:<[^{]*>)?(?:\s+extends ([^{]+?))? \{\n([\s\S]*?)\n\}/gm,
    );
    for (const [, name, extended = '', body] of interfaces) {
      own.set(
        name,
        new Map(fieldsIn(body).map(({ field, means, fallback }) => [field, { text: means, usual: fallback }])),
      );
      bases.set(
        name,
        (extended.match(/\b\w+\b/g) ?? []).filter((base) => base !== name),
      );
    }
  }
  const all = (name) =>
    new Map([...(bases.get(name) ?? []).flatMap((base) => [...all(base)]), ...(own.get(name) ?? [])]);
  return new Map([...own.keys()].map((name) => [name, all(name)]));
}

/**
 * @param {readonly string[]} sources
 * @returns {readonly string[]} the interfaces of options that have a table of defaults
 */
export function interfacesWithDefaults(sources) {
  return sources.flatMap((text) =>
    [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+)Defaults\b/g)].map(([, comment, name]) => {
      const linked = /Defaults of (?:an? )?\{@link ([A-Z]\w+)\}/.exec(comment)?.[1];
      return linked ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}Options`;
    }),
  );
}

/**
 * @param {readonly string[]} sources
 * @returns {readonly (readonly [kind: string, options: string])[]} kinds of balancers with the interfaces of their options
 */
export function interfacesOfBalancers(sources) {
  const body =
    sources.map((text) => /interface OptionsByKind \{([\s\S]*?)\n\}/.exec(text)?.[1]).find((found) => found) ?? '';
  return [...body.matchAll(/readonly '?([\w-]+)'?: (\w+);/g)].map(([, kind, options]) => [kind, options]);
}

/**
 * @param {readonly string[]} sources
 * @returns {ReadonlyMap<string, string>} the interface with the options of a layer, by the option of a policy that asks for it
 */
export function interfacesOfParts(sources) {
  const found = new Map();
  for (const text of sources) {
    for (const [, options, field] of text.matchAll(/policyPart<\{\s*options: (\w+)[\s\S]*?\bfield: '(\w+)'/g)) {
      found.set(field, options);
    }
  }
  return found;
}

/**
 * The members of an interface with their docstrings.
 * @param {string} body what stands between its braces
 */
export function fieldsIn(body) {
  const found = body.matchAll(/^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*^ {2}(?:readonly )?(\w+)(\??)[:(]/gm);
  return [...found].map(([, comment, field, mark]) => ({ field, optional: mark === '?', ...readComment(comment) }));
}

function readComment(comment) {
  const text = comment
    .replaceAll(/^\s*\* ?/gm, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const [means, ...tags] = text.split(/ ?@(?=defaultValue|throws|see|source|example)/);
  const fallback = tags
    .find((tag) => tag.startsWith('defaultValue'))
    ?.replace('defaultValue', '')
    .trim();
  return { means: means.trim(), fallback: fallback?.replace(/\.$/, '') };
}
