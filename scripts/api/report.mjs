/**
 * The public API of a package as a page: every exported name with its declaration, from the declarations that tsc emits. The
 * pages are committed in docs/api, so that a change of the API is seen where changes are read.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageNames, root } from '../workspace.mjs';

/**
 * @param {string} name of the package's folder; its declarations must be built
 * @returns {string} Markdown
 */
export function apiReport(name) {
  const folder = join(root, 'packages', name);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const parts = Object.entries(exports).map(([entry, { default: modules }]) => {
    const found = exportsOf(join(folder, modules.types));
    const declarations = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
    return [`## @fwk/${name}${entry.slice(1)}`, '', '```ts', declarations.join('\n'), '```', ''].join('\n');
  });
  const head = `# API of @fwk/${name}\n\nMade by \`npm run docs\` from the declarations. A change here is a change for users: say so in \`.changeset/\`.\n`;
  return [head, ...parts].join('\n');
}

/** Names of packages whose page in docs/api is not what the declarations say. */
export function outdatedReports() {
  const page = (name) => join(root, 'docs/api', `${name}.md`);
  return packageNames().filter(
    (name) => !existsSync(page(name)) || readFileSync(page(name), 'utf8') !== apiReport(name),
  );
}

/**
 * @param {string} file a declaration file
 * @returns {Map<string, string>} declarations by the name under which they are exported; those of other packages as they are passed on
 */
export function exportsOf(file) {
  const found = new Map();
  for (const statement of statementsOf(readFileSync(file, 'utf8'))) {
    const list = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?;$/.exec(statement);
    const star = /^export \* from '([^']+)';$/.exec(statement);
    if (star?.[1].startsWith('.')) for (const [name, text] of exportsOf(target(file, star[1]))) found.set(name, text);
    else if (star) found.set(statement, statement);
    else if (list) for (const [name, text] of listed(file, list)) found.set(name, text);
    else {
      const name = nameOf(statement);
      if (name && statement.startsWith('export '))
        found.set(name, [found.get(name), statement].filter(Boolean).join('\n'));
    }
  }
  return found;
}

function listed(file, [, list, from]) {
  const names = list
    .split(',')
    .map((each) => each.replace(/\btype /, '').trim())
    .filter(Boolean)
    .map((each) => each.split(' as '));
  if (from && !from.startsWith('.')) return names.map(([name, as = name]) => [as, `export { ${as} } from '${from}';`]);
  const there = from ? exportsOf(target(file, from)) : localsOf(file);
  return names.map(([name, as = name]) => [as, declared(there, name, as, file)]);
}

function declared(there, name, as, file) {
  const text = there.get(name);
  if (text === undefined) throw new Error(`${file} exports ${name}, which is not found where it comes from`);
  return as === name ? text : `${text}\nexport { ${name} as ${as} };`;
}

/** Declarations of a file by name, exported or not. */
function localsOf(file) {
  const found = new Map();
  for (const statement of statementsOf(readFileSync(file, 'utf8'))) {
    const name = nameOf(statement);
    if (name) found.set(name, [found.get(name), statement].filter(Boolean).join('\n'));
  }
  return found;
}

function target(file, specifier) {
  return join(dirname(file), specifier.replace(/\.js$/, '.d.ts'));
}

function nameOf(statement) {
  return /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|interface|type|const|let|namespace) ([\w$]+)/.exec(
    statement,
  )?.[1];
}

/** The statements of a file as tsc writes them, each begins at the start of a line; without comments. */
function statementsOf(text) {
  return text
    .replaceAll(/("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '$1')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^\s+#private;$/.test(line))
    .join('\n')
    .split(/\n(?=\w)/);
}
