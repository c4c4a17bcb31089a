import { isAbsolute } from 'node:path';
import type { Rule } from './rules.js';

/**
 * Bytes that a path may have as the address of a Unix socket: the system's limit without the closing zero, 107 on Linux and
 * 103 elsewhere (macOS, the BSDs).
 */
export function maxSocketPathBytes(platform: string = process.platform): number {
  return platform === 'linux' ? 107 : 103;
}

/** An absolute path that a Unix socket can have on this system; never on Windows, where Node has named pipes instead. */
export const socketPath: Rule = (value) => {
  if (process.platform === 'win32') return 'left out on Windows, which has no such sockets for Node';
  if (typeof value !== 'string' || !isAbsolute(value)) return 'an absolute path, such as /run/inventory.sock';
  if (value.includes('\0')) return 'a path without a zero byte';
  if (value.endsWith('/')) return 'the path of a file, without a slash at its end';
  const bytes = Buffer.byteLength(value);
  const most = maxSocketPathBytes();
  return bytes <= most ? undefined : `short enough for the address of a Unix socket: ${most} bytes, not ${bytes}`;
};
