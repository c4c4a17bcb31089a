/**
 * The TypeScript blocks of the documentation as programs. A block that begins with `// name.ts` is that file, which others of its
 * page may import. What a block uses and neither declares nor imports is imported for it: what the reader brings along (given/PAGE.ts, then
 * given/reader.ts), then what the packages export. So a short block needs no line that says nothing new, and yet only uses what there is.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { filesBelow, packageNames, root } from '../workspace.mjs';
import { piecesOf } from './markdown.mjs';

const given = join(root, 'scripts/docs/given');
/** The order in which a name is looked for: an application imports most from core. */
const order = ['core', 'http', 'discovery', 'resilience', 'config', 'mux', 'kernel'];

/**
 * @typedef {object} Snippet
 * @property {string} page file of the repository
 * @property {number} line of the page, of the first line of code
 * @property {string} file where it is put: `docs-tls/snippet-1.ts`
 * @property {string} code with imports before it, in the same line as its first
 * @property {string | undefined} prints what the page shows below it as its output
 */

/** Pages whose TypeScript is held to be right. */
export function pagesWithSnippets() {
  const docs = filesBelow(join(root, 'docs'), (path) => path.endsWith('.md')).filter(
    (path) => !/[/\\]docs[/\\](?:api|decisions)[/\\]/.test(path),
  );
  const readmes = packageNames().map((name) => join(root, 'packages', name, 'README.md'));
  return [join(root, 'README.md'), ...docs, ...readmes].map((path) => relative(root, path).split(sep).join('/'));
}

/**
 * @param {string} page file of the repository
 * @param {string} [text] of the page
 * @returns {Snippet[]}
 */
export function snippetsOf(page, text = readFileSync(join(root, page), 'utf8')) {
  const folder = page.replace(/\.md$/, '').replaceAll('/', '-');
  const blocks = piecesOf(text).filter(({ kind }) => kind === 'code');
  const typescript = blocks.filter(({ language }) => language === 'ts');
  const names = typescript.map(
    ({ code }, index) => /^\/\/ (\S+\.ts)$/m.exec(code.split('\n')[0])?.[1] ?? `snippet-${index + 1}.ts`,
  );
  return typescript.map((block, index) => {
    const next = blocks[blocks.indexOf(block) + 1];
    const named = !names[index].startsWith('snippet-');
    return {
      page,
      line: block.line + 1,
      file: `${folder}/${names[index]}`,
      code: `${importsFor(block.code, folder)}${block.code}\nexport {};\n`,
      prints: named && next?.language === 'text' ? `${next.code}\n` : undefined,
    };
  });
}

/** Imports, in one line, of what a block uses and does not say where it is from. */
function importsFor(code, folder) {
  const known = knownTo(folder);
  const bare = withoutTexts(code);
  const used = new Set(bare.match(/(?<![\w$#])(?<!(?<!\.\.)\.)[A-Za-z_$][\w$]*/g));
  const own = new Set(
    [...bare.matchAll(/\b(?:const|let|using|class|function\*?|interface|type|enum)\s+([A-Za-z_$][\w$]*)/g)].map(
      ([, name]) => name,
    ),
  );
  for (const [, list] of code.matchAll(/^\s*(?:const|let|import(?: type)?) [^'=;]*?\{([^}]*)\}/gm))
    for (const each of list.split(','))
      own.add(
        each
          .split(/ as |:/)
          .at(-1)
          .replace(/^\s*type /, '')
          .trim(),
      );
  for (const [, name] of code.matchAll(/^import (?:\* as )?(\w+)/gm)) own.add(name);
  return [...used]
    .filter((name) => known.has(name) && !own.has(name))
    .map((name) => `import { ${name} } from '${known.get(name)}'; `)
    .join('');
}

/** Names, and the module that each comes from. */
function knownTo(folder) {
  const known = new Map();
  const add = (names, module) => {
    for (const name of names) if (!known.has(name)) known.set(name, module);
  };
  for (const file of [`${folder}.ts`, 'reader.ts']) {
    const path = join(given, file);
    if (existsSync(path)) add(exportsOf(readFileSync(path, 'utf8')), `../given/${basename(file, '.ts')}.js`);
  }
  for (const name of order) add(exportsOf(indexOf(name)), `@fwk/${name}`);
  add(['z'], 'zod');
  return known;
}

function indexOf(name) {
  return readFileSync(join(root, 'packages', name, 'src/index.ts'), 'utf8');
}

/** What a module exports by name. */
function exportsOf(module) {
  const declared = module.matchAll(
    /^export (?:declare |abstract |async )*(?:const|let|class|function|interface|type) (\w+)/gm,
  );
  const listed = [...module.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list.split(','));
  const names = listed.map((each) =>
    each
      .split(' as ')
      .at(-1)
      .replace(/^\s*type /, '')
      .trim(),
  );
  return [...[...declared].map(([, name]) => name), ...names].filter(Boolean);
}

/** Code without its comments and texts, whose words are no names; what stands in `${}` stays. */
function withoutTexts(code) {
  return code
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(?<!:)\/\/.*$/gm, '');
}
