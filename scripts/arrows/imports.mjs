/**
 * Finds what a TypeScript source imports. TypeScript 7 has no compiler API, and lexers of JavaScript stumble over types;
 * imports need so little grammar that a tokeniser which knows comments, strings, templates and regular expressions is
 * enough. A `/` opens a regular expression unless a value stands before it, which is right for all code but
 * `if (x) /re/.test(y)`.
 */

/**
 * @typedef {object} Import
 * @property {string} specifier what stands between the quotes
 * @property {number} line counted from 1
 * @property {boolean} typeOnly true for `import type` and `export type`, which leave nothing in the built file
 */

const tokenPattern =
  /(?<space>\s+)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*")|(?<word>[\p{ID_Start}$_#][\p{ID_Continue}$]*|\d[\w.]*)|(?<mark>[\s\S])/uy;
const regexPattern = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/uy;
const templatePattern = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?<end>`|\$\{)/uy;
const wordsBeforeRegex = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'delete',
  'throw',
  'new',
  'else',
  'do',
  'await',
  'yield',
]);

/**
 * @param {string} source
 * @returns {Import[]} in the order of the source
 */
export function importsOf(source) {
  const tokens = tokensOf(source);
  const found = [];
  for (let index = 0; index < tokens.length; index++) {
    const { text, at } = tokens[index];
    if ((text !== 'import' && text !== 'export') || tokens[index - 1]?.text === '.') continue;
    const statement = text === 'import' ? readImport(tokens, index + 1) : readExport(tokens, index + 1);
    if (statement) found.push({ ...statement, line: lineAt(source, at) });
  }
  return found;
}

function readImport(tokens, start) {
  const first = tokens[start];
  if (first?.string !== undefined) return { specifier: first.string, typeOnly: false };
  if (first?.text === '(') {
    const specifier = tokens[start + 1]?.string;
    return specifier === undefined ? undefined : { specifier, typeOnly: false };
  }
  // `import type from './x'` takes a default export that is named type.
  const typeOnly = first?.text === 'type' && tokens[start + 1]?.text !== 'from' && tokens[start + 1]?.text !== ',';
  return readFrom(tokens, start, typeOnly);
}

function readExport(tokens, start) {
  const typeOnly = tokens[start]?.text === 'type';
  const first = tokens[typeOnly ? start + 1 : start];
  return first?.text === '{' || first?.text === '*' ? readFrom(tokens, start, typeOnly) : undefined;
}

/** Reads on to `from '…'`; nothing but names, commas, braces and stars may stand before it. */
function readFrom(tokens, start, typeOnly) {
  for (let index = start; index < tokens.length; index++) {
    const { text, string } = tokens[index];
    const next = tokens[index + 1];
    if (text === 'from' && next?.string !== undefined) return { specifier: next.string, typeOnly };
    if (string !== undefined && tokens[index + 1]?.text !== 'as') return undefined;
    if (string === undefined && !/^([\p{ID_Start}$_][\p{ID_Continue}$]*|[{},*])$/u.test(text)) return undefined;
    if (text === 'import' || text === 'export') return undefined;
    if (text === '}' && next?.text !== 'from') return undefined;
  }
  return undefined;
}

function tokensOf(source) {
  const tokens = [];
  const openTemplates = []; // for each `${` that is open: how many braces are open inside it
  let at = 0;
  while (at < source.length) {
    const last = tokens.at(-1);
    const char = source[at];
    if (char === '`' || (char === '}' && openTemplates.at(-1) === 0)) {
      if (char === '}') openTemplates.pop();
      const part = matchAt(templatePattern, source, at + 1);
      if (part?.groups.end === '${') openTemplates.push(0);
      tokens.push({ text: '`', at });
      at = part ? at + 1 + part[0].length : source.length;
      continue;
    }
    const startsRegex = char === '/' && !/[/*]/.test(source[at + 1] ?? '') && !endsValue(last);
    const regex = startsRegex ? matchAt(regexPattern, source, at) : undefined;
    if (regex) {
      tokens.push({ text: '`', at });
      at += regex[0].length;
      continue;
    }
    const match = matchAt(tokenPattern, source, at);
    const { space, comment, string, word } = match.groups;
    if (string !== undefined) tokens.push({ text: string, string: string.slice(1, -1), at });
    else if (word !== undefined) tokens.push({ text: word, at });
    else if (space === undefined && comment === undefined) {
      tokens.push({ text: match[0], at });
      if (openTemplates.length > 0 && char === '{') openTemplates[openTemplates.length - 1]++;
      if (openTemplates.length > 0 && char === '}') openTemplates[openTemplates.length - 1]--;
    }
    at += match[0].length;
  }
  return tokens;
}

function endsValue(token) {
  if (token === undefined) return false;
  if (token.string !== undefined || /^[)\]}`]$/.test(token.text)) return true;
  return /^[\p{ID_Continue}$#]/u.test(token.text) && !wordsBeforeRegex.has(token.text);
}

function matchAt(pattern, source, at) {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

function lineAt(source, at) {
  return source.slice(0, at).split('\n').length;
}
