/**
 * The reference in the README of each package: its options with their defaults, from the docstrings, and the errors, events
 * and metrics that it has. Made by `npm run docs`, so that it cannot say otherwise than the code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, isSource, root } from '../workspace.mjs';
import { fieldsIn } from './docstrings.mjs';

/**
 * @param {string} name of the package's folder
 * @param {{ errors: Record<string, { summary: string }>, events: Record<string, string> }} tables of the package
 * @returns {string} Markdown
 */
export function referenceOf(name, { errors, events }) {
  const folder = join(root, 'packages', name);
  const sources = filesBelow(join(folder, 'src'), isSource).map((path) => readFileSync(path, 'utf8'));
  const exported = exportedNames(folder);
  const options = sources.flatMap(optionsIn).filter(({ interfaceName }) => exported.has(interfaceName));
  return [
    details('Options', options.sort(byName).map(optionsTable).join('\n\n')),
    details(
      'Errors',
      table(
        ['code', 'means'],
        Object.entries(errors)
          .sort(byKey)
          .map(([key, { summary }]) => [code(key), summary]),
      ),
    ),
    details(
      'Events',
      table(
        ['event', 'means'],
        Object.entries(events)
          .sort(byKey)
          .map(([key, means]) => [code(key), means]),
      ),
    ),
    details(
      'Metrics',
      table(
        ['metric', 'counts'],
        metricsIn(sources).map(([key, help]) => [code(key), help]),
      ),
    ),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** Names that the entries of a package export, those of other packages aside. */
function exportedNames(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = Object.keys(exports).map((entry) => (entry === '.' ? 'index' : entry.slice(2)));
  const texts = entries.map((entry) => readFileSync(join(folder, 'src', `${entry}.ts`), 'utf8'));
  const lists = texts.flatMap((text) => [...text.matchAll(/export (?:type )?\{([^}]*)\} from '\.[^']*'/g)]);
  return new Set(lists.flatMap(([, list]) => list.split(',').map((each) => each.replace('type ', '').trim())));
}

/**
 * The interfaces of options in a source, with what their docstrings say.
 * @param {string} source
 */
export function optionsIn(source) {
  const found = source.matchAll(/^export interface (\w*Options)\b[^{]*\{\n([\s\S]*?)^\}/gm);
  return [...found].map(([, interfaceName, body]) => ({ interfaceName, fields: fieldsIn(body) }));
}

/** Instruments that the sources make with a name and a help: `{ name: 'mux.sessions', help: 'Open sessions.' }`. */
function metricsIn(sources) {
  const found = sources.flatMap((text) => [
    ...text.matchAll(/\bname: (?:'([\w.]+)'|`([\w.]+)\$\{\w+\}`),\s*help(?:: '((?:[^'\\]|\\.)*)')?/g),
  ]);
  const metrics = new Map(
    found.map(([, name, prefix, help]) => [name ?? `${prefix}*`, help?.replaceAll('\\', '') ?? '']),
  );
  return [...metrics].sort(byKey);
}

function optionsTable({ interfaceName, fields }) {
  const rows = fields.map(({ field, fallback, means }) => [code(field), fallback ? code(fallback) : '', means]);
  return `**${code(interfaceName)}**\n\n${table(['option', 'default', 'means'], rows)}`;
}

function table(head, rows) {
  if (rows.length === 0) return '';
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll(/(?<!\\)\|/g, '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Folded, since a README is read from the top, and a reference is searched. */
function details(title, content) {
  return content && `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

function code(text) {
  return /[`]/.test(text) ? text : `\`${text}\``;
}

function byName(a, b) {
  return a.interfaceName < b.interfaceName ? -1 : 1;
}

function byKey([a], [b]) {
  return a < b ? -1 : 1;
}
