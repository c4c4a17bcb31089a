/** What references to the environment and to files stand for, read before the settings are put together. */
import { resolve } from 'node:path';
import { abandonOnCancel, type CallContext, codeOf, messageOf, readRegularFile } from '@fwk/kernel';
import type { ConfigTree } from '../tree/tree.js';
import { isTemplate, readTemplate } from './template.js';
import { unresolvedIn } from './unresolved.js';

/** Largest file that a reference may name, in bytes. */
const maxBytes = 64 * 1024;
/** Most files that references may name. */
const maxFiles = 200;

/** What one of them says; a problem instead where it cannot be read. */
export interface OutsideText {
  readonly text?: string;
  readonly problem?: string;
}

/** What references may stand for that is no setting. */
export interface OutsideTexts {
  env(name: string): OutsideText | undefined;
  file(path: string): OutsideText | undefined;
  /** All variables that references may name. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Absolute paths of the files that are referred to. */
  readonly files: readonly string[];
}

/** Reads all files that the settings refer to. Ends at once when cancelled, with the caller's own reason. */
export async function readOutside(
  raw: ConfigTree,
  variables: Readonly<Record<string, string | undefined>>,
  call: CallContext,
): Promise<OutsideTexts> {
  const paths = filesIn(raw);
  const texts = new Map<string, OutsideText>();
  await abandonOnCancel(
    call,
    Promise.all(paths.map(async (path, index) => texts.set(path, index < maxFiles ? await read(path) : tooMany))),
  );
  return {
    env: (name) => (Object.hasOwn(variables, name) ? { text: variables[name] as string } : undefined),
    file: (path) => texts.get(path),
    variables,
    files: paths.slice(0, maxFiles).map((path) => resolve(path)),
  };
}

const tooMany: OutsideText = { problem: `references name more than ${maxFiles} files` };

function filesIn(raw: ConfigTree): string[] {
  const paths = new Set<string>();
  for (const { text } of unresolvedIn(raw)) {
    const pieces = isTemplate(text) ? readTemplate(text) : [];
    if ('problem' in pieces) continue;
    for (const piece of pieces) if (typeof piece === 'object' && piece.kind === 'file') paths.add(piece.name);
  }
  return [...paths];
}

async function read(path: string): Promise<OutsideText> {
  try {
    const content = await readRegularFile(resolve(path), { maxBytes });
    // Editors and `kubectl create secret` end files with a line break that is no part of the value.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(content).replace(/\r?\n$/, '') };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    return { problem: error instanceof TypeError ? 'it is not UTF-8' : messageOf(error) };
  }
}
