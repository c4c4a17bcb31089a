/** `fwk-config`: explains and checks settings in files, and encrypts values. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { isFwkError, isSchema, messageOf, OptionsError, printableLines, type StandardSchema } from '@fwk/kernel';
import { loadConfig } from '../app/load-config.js';
import { findKeys } from '../cipher/find-keys.js';
import { decryptValue, encryptValue, isEncrypted, makeKey } from '../cipher/value-cipher.js';
import type { ConfigOptions } from '../live/options.js';
import { parsePath } from '../tree/path.js';
import { valueAt } from '../tree/tree.js';
import { differences, explanationLines, viewLines } from './print.js';
import { type Command, readCommand, usage } from './read-command.js';

/** Runs the program. @returns its exit code: 0 when all is well, 1 when not, 2 when it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const command = readCommand(args);
    const { lines, value, code } = await answer(command);
    process.stdout.write(command.json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''));
    return code;
  } catch (error) {
    const wrongly = isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') || isParseError(error);
    process.stderr.write(`${printableLines(messageOf(error))}\n${wrongly ? `\n${usage}` : ''}`);
    return wrongly ? 2 : 1;
  }
}

interface Answer {
  readonly lines: readonly string[];
  /** For `--json`. */
  readonly value: unknown;
  readonly code: number;
}

async function answer({ verb, names, options, schema, keyFile }: Command): Promise<Answer> {
  const plain = (text: string): Answer => ({ lines: [text], value: text, code: 0 });
  const [first = '', second = ''] = names;
  if (verb === 'help') return plain(usage.trimEnd());
  if (verb === 'key') return plain(makeKey());
  if (verb === 'encrypt') return plain(await encrypt(keyFile));
  if (verb === 'diff') {
    const [one, other] = await Promise.all([first, second].map(async (path) => loadConfig(await only(path, keyFile))));
    const changed = one && other ? differences(one, other) : [];
    const lines = changed.map(({ path, before, after }) => `${path}: ${shown(before)} → ${shown(after)}`);
    return { lines, value: changed, code: changed.length > 0 ? 1 : 0 };
  }
  const config = await loadConfig({ ...options, schema: schema === undefined ? undefined : await schemaIn(schema) });
  if (verb === 'validate') return { lines: viewLines(config.view()), value: config.view(), code: 0 };
  // What only a schema supplies may be an instance of a class, which JSON says otherwise.
  const explanation = config.explain(first);
  const code = valueAt(config.current.value, parsePath(first)) === undefined ? 1 : 0;
  return { lines: explanationLines(explanation), value: explanation, code };
}

/** One file or directory, and nothing else. */
async function only(path: string, keyFile: string | undefined): Promise<ConfigOptions> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const from = isFolder ? { directories: [path] } : { files: [path] };
  return { ...from, profiles: [], environment: false, keyFile, watch: false };
}

async function encrypt(keyFile: string | undefined): Promise<string> {
  const keys = await findKeys(keyFile, process.env);
  const text = (await textOf(process.stdin)).replace(/\r?\n$/, '');
  if (!isEncrypted(text)) return encryptValue(text, keys);
  const opened = decryptValue(text, keys);
  if ('problem' in opened) throw new OptionsError('fwk-config', [`the value ${opened.problem}`]);
  return encryptValue(opened.text, keys);
}

async function schemaIn(place: string): Promise<StandardSchema<unknown, Record<string, unknown>>> {
  const [path = '', name = 'default'] = place.split('#');
  const module: unknown = await import(pathToFileURL(resolve(path)).href);
  const found: unknown = (module as Readonly<Record<string, unknown>>)[name];
  if (!isSchema(found)) throw new OptionsError('fwk-config', [`${path} exports no Standard Schema as "${name}"`]);
  return found as StandardSchema<unknown, Record<string, unknown>>;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
