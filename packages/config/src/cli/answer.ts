/** What the program answers, by the word that it was called with. */
import { text as textOf } from 'node:stream/consumers';
import { OptionsError } from '@fwk/kernel';
import { loadConfig } from '../app/load-config.js';
import { findKeys } from '../cipher/find-keys.js';
import { decryptValue, encryptValue, isEncrypted, makeKey } from '../cipher/value-cipher.js';
import { parsePath } from '../tree/path.js';
import { valueAt } from '../tree/tree.js';
import { askExplanation, askView, isAddress, type ServiceAddress } from './ask-service.js';
import { checkFiles, fileSide, schemaIn } from './check-files.js';
import { differences, explanationLines, serviceLines, viewLines } from './print.js';
import { type Command, usage } from './read-command.js';
import { readToken } from './read-token.js';

/** An answer, for people and for programs. */
export interface Answer {
  readonly lines: readonly string[];
  /** For `--json`. */
  readonly value: unknown;
  readonly code: number;
  /** What people should know beside it. */
  readonly notes?: readonly string[];
}

/** Does what was asked. @throws ConfigError, OptionsError. */
export async function answer(command: Command): Promise<Answer> {
  const { verb, keyFile } = command;
  const plain = (text: string): Answer => ({ lines: [text], value: text, code: 0 });
  switch (verb) {
    case 'help':
      return plain(usage.trimEnd());
    case 'key':
      return plain(makeKey());
    case 'encrypt':
      return plain(await encrypt(keyFile));
    case 'diff':
      return diff(command);
    case 'explain':
      return explain(command);
    case 'validate':
      return command.url === undefined ? validate(command) : validateService(await addressOf(command, command.url));
  }
}

async function explain(command: Command): Promise<Answer> {
  const [path = ''] = command.names;
  if (command.url !== undefined) {
    const told = await askExplanation(await addressOf(command, command.url), path);
    return { lines: explanationLines(told), value: told, code: told.found ? 0 : 1 };
  }
  const { options, schema } = command;
  const config = await loadConfig({ ...options, schema: schema === undefined ? undefined : await schemaIn(schema) });
  const told = config.explain(path);
  // What only a schema supplies may be an instance of a class, which JSON says otherwise.
  const isSet = valueAt(config.current.value, parsePath(path)) !== undefined;
  return { lines: explanationLines(told), value: told, code: isSet ? 0 : 1 };
}

async function validate(command: Command): Promise<Answer> {
  const { config, warnings } = await checkFiles(command);
  const view = config.view();
  const lines = ['the settings are valid; later sources override earlier ones:', ...viewLines(view)];
  return {
    lines: [...lines, ...warnings.map((warning) => `warning: ${warning}`)],
    value: { ...view, warnings },
    code: 0,
  };
}

async function validateService(address: ServiceAddress): Promise<Answer> {
  const view = await askView(address);
  return { lines: serviceLines(address.url, view), value: view, code: view.lastRefusal || view.stale ? 1 : 0 };
}

async function diff(command: Command): Promise<Answer> {
  const sideOf = async (name: string) => {
    if (!isAddress(name)) return fileSide(name, command.keyFile);
    return { masked: (await askView(await addressOf(command, name))).values, plain: undefined };
  };
  const [first = '', second = ''] = command.names;
  const [one, other] = await Promise.all([sideOf(first), sideOf(second)]);
  const changed = differences(one, other);
  const blind = one.plain === undefined || other.plain === undefined;
  return {
    lines: changed.map(({ path, before, after }) => `${path}: ${shown(before)} → ${shown(after)}`),
    value: changed,
    code: changed.length > 0 ? 1 : 0,
    notes: blind ? ['secrets were not compared: a running service does not tell them'] : [],
  };
}

async function addressOf({ tokenFile, timeoutMs }: Command, url: string): Promise<ServiceAddress> {
  return { url, timeoutMs, token: await readToken(tokenFile, process.env) };
}

async function encrypt(keyFile: string | undefined): Promise<string> {
  const keys = await findKeys(keyFile, process.env);
  const text = (await textOf(process.stdin)).replace(/\r?\n$/, '');
  if (!isEncrypted(text)) return encryptValue(text, keys);
  const opened = decryptValue(text, keys);
  if ('problem' in opened) throw new OptionsError('fwk-config', [`the value ${opened.problem}`]);
  return encryptValue(opened.text, keys);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
