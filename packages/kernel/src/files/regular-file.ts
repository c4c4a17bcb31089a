/**
 * Reads a file of which it is not known who put it there. A pipe would be waited for without end, a device has no end, and a
 * file may be larger than memory: so only a regular file is read, up to a size. It is judged once it is open, so that nothing
 * can be put in its place between the look and the reading.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** How a file is read. */
export interface RegularFileOptions {
  /** Bytes above which it is refused. */
  readonly maxBytes: number;
  /**
   * For what this program has saved itself, and believes: no link, of this user (or root), which nobody else may write, in a
   * directory where nobody else may replace it. Not looked at where the system has no such owners (Windows).
   * @defaultValue false
   */
  readonly own?: boolean;
}

/** A file that is not read, whatever is in it. */
export class FileRefusedError extends Error {}

const FIRST_READ_BYTES = 64 * 1024;

/**
 * Reads a file whole.
 * @throws FileRefusedError for what is no regular file, or not one's own; the system's error; Error when it is too large.
 */
export async function readRegularFile(path: string, options: RegularFileOptions): Promise<Buffer> {
  const { open } = await import('node:fs/promises');
  const handle = await open(path, flagsFor(options)).catch(refuseLink);
  try {
    judge(path, await handle.stat(), options);
    const buffers = new Buffers(options.maxBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffers.room());
      if (!buffers.took(bytesRead)) return buffers.whole();
    }
  } finally {
    await handle.close();
  }
}

/** The same for starting, before anything else can happen. */
export function readRegularFileSync(path: string, options: RegularFileOptions): Buffer {
  let file: number;
  try {
    file = openSync(path, flagsFor(options));
  } catch (error) {
    return refuseLink(error);
  }
  try {
    judge(path, fstatSync(file), options);
    const buffers = new Buffers(options.maxBytes);
    while (buffers.took(readSync(file, buffers.room())));
    return buffers.whole();
  } finally {
    closeSync(file);
  }
}

/** What was read, in pieces: not every regular file knows its size. */
class Buffers {
  readonly #maxBytes: number;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #room = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Twice as much as before, and never more than one byte too many. */
  room(): Buffer {
    const bytes = Math.min(Math.max(FIRST_READ_BYTES, this.#bytes), this.#maxBytes + 1 - this.#bytes);
    this.#room = Buffer.allocUnsafe(bytes);
    return this.#room;
  }

  /** False at the end. */
  took(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) throw tooLarge(`more than ${this.#maxBytes} bytes`, this.#maxBytes);
    this.#pieces.push(this.#room.subarray(0, bytes));
    return bytes > 0;
  }

  whole(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** Windows has neither flag. */
function flagsFor({ own = false }: RegularFileOptions): number {
  return constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (own ? (constants.O_NOFOLLOW ?? 0) : 0);
}

function refuseLink(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ELOOP' || code === 'EMLINK') throw new FileRefusedError('it is a link', { cause: error });
  throw error;
}

function judge(path: string, stats: Stats, { maxBytes, own = false }: RegularFileOptions): void {
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'a directory' : 'a pipe, socket or device';
    throw new FileRefusedError(`it is ${kind}, not a regular file`);
  }
  if (stats.size > maxBytes) throw tooLarge(`${stats.size} bytes`, maxBytes);
  const me = process.geteuid?.();
  if (!own || me === undefined) return;
  const problem = ownershipProblem(stats, statSync(dirname(resolve(path))), me);
  if (problem !== undefined) throw new FileRefusedError(problem);
}

/** Who may write a file, or replace it. */
type Rights = Pick<Stats, 'uid' | 'mode'> & Partial<Pick<Stats, 'nlink'>>;

/** Why what stands in a file may be another user's word; undefined when it is one's own, or root's. */
export function ownershipProblem(file: Rights, directory: Rights, me: number): string | undefined {
  const isForeign = ({ uid }: Rights) => uid !== me && uid !== 0;
  if (isForeign(file)) return `it belongs to the user ${file.uid}, not to ${me}`;
  if (file.mode & 0o022) return 'others may write it (chmod go-w mends that)';
  if (isForeign(directory)) return `its directory belongs to the user ${directory.uid}, not to ${me}`;
  // In a sticky directory only its owner may replace a file.
  if (directory.mode & 0o002 && !(directory.mode & 0o1000)) {
    return 'everybody may replace it in its directory (chmod o-w mends that)';
  }
  // Where others may put files, a second name of another file of this user is theirs to give.
  if (directory.mode & 0o022 && (file.nlink ?? 1) > 1) {
    return `it has ${file.nlink} names, in a directory where others may put files: it may be a link to another file`;
  }
  return undefined;
}

function tooLarge(size: string, maxBytes: number): Error {
  return new Error(`it has ${size}, above the limit of ${maxBytes}`);
}
