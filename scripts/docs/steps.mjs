/**
 * Shows how a program of examples/existing-programs adopts one module after the other: what the first line of each step says, and what
 * the step changes. Made by `npm run docs`, so that a page cannot show what the tests do not run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { structuredPatch } from 'diff';
import { root } from '../workspace.mjs';
import { placed } from './order.mjs';

const sources = join(root, 'examples/existing-programs/src');

/** Lines that a diff shows round a change. */
const context = 3;

/**
 * The page with the steps of each program at its place.
 * @param {string} page with a pair of marks for each folder of a program: `<!-- express: made by npm run docs -->`
 * @returns {string}
 */
export function withSteps(page) {
  return programNames().reduce((text, name) => placed(text, name, stepsOf(name).map(shown).join('\n\n')), page);
}

/** Folders with steps. */
export function programNames() {
  return readdirSync(sources, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && stepFiles(entry.name).length > 0)
    .map(({ name }) => name)
    .sort();
}

/**
 * The steps of a program, in order.
 * @param {string} name folder of the program
 * @returns {{ file: string, adds: string, code: string, before: string | undefined, beside: object[] }[]} beside it: files of its folder
 * that no step before has
 */
function stepsOf(name) {
  const shownAlready = new Set();
  const read = stepFiles(name).map((file) => {
    const step = readSource(`${name}/${file}`);
    if (!step) throw new Error(`${name}/${file} must begin with a line /** that says what it adds */`);
    return step;
  });
  return read.map((step, index) => {
    const names = [...step.code.matchAll(/from '\.\/([\w-]+)\.js'/g)].map(([, other]) => `${name}/${other}.ts`);
    const beside = names.filter((other) => !shownAlready.has(other)).flatMap((other) => readSource(other) ?? []);
    for (const { file } of beside) shownAlready.add(file);
    return { ...step, before: read[index - 1]?.code, beside };
  });
}

/** Files such as `step-0.ts` and `step-1-policy.ts`; what else is in the folder belongs to none of them. */
function stepFiles(name) {
  return readdirSync(join(sources, name))
    .filter((file) => /^step-\d(?:-[a-z-]+)?\.ts$/.test(file))
    .sort();
}

/** A file, with the one line at its head that says what it is for apart; without that line, as in generated code, undefined. */
function readSource(file) {
  const [, adds, code] = /^\/\*\* (.+) \*\/\n([\s\S]+)$/.exec(readFileSync(join(sources, file), 'utf8')) ?? [];
  return adds === undefined ? undefined : { file, adds, code };
}

/** @returns {string} Markdown of one step; language `typescript` and not `ts`, because the examples are compiled where they stand */
function shown({ beside, before, ...step }) {
  const own = before === undefined ? whole(step) : said(step, 'diff', changes(before, step.code));
  return [own, ...beside.map(whole)].join('\n\n');
}

function whole(source) {
  return said(source, 'typescript', [source.code.trimEnd()]);
}

function said({ file, adds }, language, lines) {
  const link = `[\`${file.split('/')[1]}\`](../examples/existing-programs/src/${file})`;
  return [`${link}: ${adds}`, '', `\`\`\`${language}`, ...lines, '```'].join('\n');
}

/** The changed lines with some round them; hunks stand apart by a line of dots, since line numbers say nothing here. */
function changes(before, after) {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context });
  return hunks.flatMap(({ lines }, index) => [...(index > 0 ? [' …'] : []), ...lines]).map((line) => line.trimEnd());
}
