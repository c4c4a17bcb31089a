/**
 * Reads a configuration file whole, with every way in which that can go wrong named. A file that changes while it is
 * read is read again: editors and deployments write in more than one step.
 */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { abandonOnCancel, type CallContext, codeOf } from '@fwk/kernel';
import { ConfigError, type ConfigErrorCode } from '../../errors.js';

/** Largest configuration file in bytes: 1 MiB. */
export const maxFileBytes = 1024 * 1024;

const maxReads = 5;

/** The path as it was given, for messages, and the absolute one that is opened. */
export interface FilePath {
  readonly name: string;
  readonly absolute: string;
  /** Whether an empty file says nothing, instead of being refused as a half-done write. @defaultValue false */
  readonly mayBeEmpty?: boolean;
}

/** What was read. */
export interface FileText {
  readonly text: string;
  /** Identity, size and times of the file; another one means that it may have changed. */
  readonly fingerprint: string;
}

/**
 * Reads the text of a file.
 * @throws ConfigError `FWK_CONFIG_FILE_MISSING`, `_FILE_UNREADABLE`, `_FILE_NOT_REGULAR`, `_FILE_TOO_LARGE`,
 * `_FILE_EMPTY`, `_FILE_ENCODING`, naming the path.
 */
export function readText(file: FilePath, call: CallContext): Promise<FileText> {
  if (call.cancelled) return Promise.reject(call.reason);
  return abandonOnCancel(call, readStable(file));
}

/** The fingerprint of what stands at a path now; `absent` for nothing, `unreadable` for what cannot be looked at. */
export async function fingerprintOf(absolute: string): Promise<string> {
  const { stat } = await import('node:fs/promises');
  try {
    return fingerprint(await stat(absolute, { bigint: true }));
  } catch (error) {
    return isMissing(error) ? 'absent' : 'unreadable';
  }
}

async function readStable(file: FilePath): Promise<FileText> {
  const [{ open, stat }, { constants }] = await Promise.all([import('node:fs/promises'), import('node:fs')]);
  // A pipe that takes the file's place after the look would be waited for as well; Windows has no such flag.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  for (let attempt = 1; attempt <= maxReads; attempt++) {
    try {
      // Looked at before it is opened: opening a pipe waits for a writer, for ever.
      check(file, await stat(file.absolute, { bigint: true }));
      const read = await readOnce(file, await open(file.absolute, flags));
      if (read !== undefined) return read;
    } catch (error) {
      throw error instanceof ConfigError ? error : systemError(file, error);
    }
  }
  throw fileError(
    'FWK_CONFIG_FILE_UNREADABLE',
    file,
    `the file changed during each of ${maxReads} attempts to read it`,
  );
}

/** The text, or undefined when the file changed meanwhile. Closes by name: handles under Yarn's Plug'n'Play are no disposables. */
async function readOnce(file: FilePath, handle: FileHandle): Promise<FileText | undefined> {
  try {
    const before = await handle.stat({ bigint: true });
    check(file, before);
    const bytes = Buffer.alloc(Number(before.size) + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const after = fingerprint(await handle.stat({ bigint: true }));
    if (bytesRead !== Number(before.size) || after !== fingerprint(before)) return undefined;
    return { text: decode(file, bytes.subarray(0, bytesRead)), fingerprint: after };
  } finally {
    await handle.close();
  }
}

function check(file: FilePath, stats: BigIntStats): void {
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'a directory' : 'a pipe, socket or device';
    throw fileError('FWK_CONFIG_FILE_NOT_REGULAR', file, `this is ${kind}, not a file`);
  }
  if (stats.size > maxFileBytes) {
    throw fileError('FWK_CONFIG_FILE_TOO_LARGE', file, `${stats.size} bytes are above the limit of ${maxFileBytes}`);
  }
}

function decode(file: FilePath, bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fileError('FWK_CONFIG_FILE_ENCODING', file, 'the file is not valid UTF-8; save it as UTF-8', cause);
  }
  if (text.trim() !== '' || file.mayBeEmpty) return text;
  throw fileError('FWK_CONFIG_FILE_EMPTY', file, 'the file is empty; write {} when nothing is meant');
}

function systemError(file: FilePath, cause: unknown): ConfigError {
  if (isMissing(cause)) {
    return fileError(
      'FWK_CONFIG_FILE_MISSING',
      file,
      `there is no such file (looked at ${file.absolute}); create it, correct the path, or list it as { path, optional: true }`,
      cause,
    );
  }
  const code = codeOf(cause);
  const hint = code === 'EACCES' || code === 'EPERM' ? 'the process may not read it' : 'it cannot be read';
  return fileError('FWK_CONFIG_FILE_UNREADABLE', file, `${hint} (${code ?? 'unknown reason'})`, cause);
}

/** An error about a file as a whole. */
export function fileError(code: ConfigErrorCode, file: FilePath, message: string, cause?: unknown): ConfigError {
  return new ConfigError(code, message, { origin: { source: file.name, file: file.name }, cause });
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function fingerprint(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
