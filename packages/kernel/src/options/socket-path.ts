import { isAbsolute } from 'node:path';
import type { Rule } from './rules.js';

/**
 * Longest path of a Unix socket, in bytes: the system's limit without the terminating zero, 107 on Linux and 103 elsewhere
 * (macOS, the BSDs).
 */
export function maxSocketPathBytes(platform: string = process.platform): number {
  return platform === 'linux' ? 107 : 103;
}

/** A rule for the path of a Unix socket: absolute, and not too long. It refuses all on Windows, where Node has named pipes. */
export const socketPath: Rule = (value) => {
  if (process.platform === 'win32') return 'left out on Windows, where Node has no Unix sockets';
  if (typeof value !== 'string' || !isAbsolute(value)) return 'an absolute path, such as /run/inventory.sock';
  if (value.includes('\0')) return 'a path without a zero byte';
  if (value.endsWith('/')) return 'the path of a file, without a slash at its end';
  const bytes = Buffer.byteLength(value);
  const most = maxSocketPathBytes();
  return bytes <= most ? undefined : `short enough for the address of a Unix socket: ${most} bytes, not ${bytes}`;
};
