import { type Logger, messageOf, readRegularFile } from '@fwk/kernel';
import { isToken } from './check-consul-options.js';
import type { ConsulOptions } from './consul-options.js';

/** More than any token has. */
const MAX_FILE_BYTES = 64 * 1024;

/** Where the ACL token comes from. */
export interface TokenSource {
  /** The token to send now; undefined for none. */
  read(): Promise<string | undefined>;
}

/**
 * The token of the options. A file is read for each request, which costs little beside the request, so that a token that
 * was replaced is used from then on; while the file cannot be read, or holds no token, the last token stays in use.
 * @param onReplaced - told when the file holds another token than it did.
 */
export function tokenSource(
  { token, tokenFile }: ConsulOptions,
  logger: Logger,
  onReplaced: () => void = () => {},
): TokenSource {
  if (tokenFile === undefined) return { read: async () => token };
  let last = token;
  let seen = false;
  let told = false;
  return {
    async read() {
      try {
        const text = (await readRegularFile(tokenFile, { maxBytes: MAX_FILE_BYTES })).toString('utf8').trim();
        if (text !== '' && !isToken(text)) throw new TypeError('it holds something else than one token');
        const next = text || undefined;
        const replaced = seen && next !== last;
        last = next;
        seen = true;
        told = false;
        if (replaced) onReplaced();
      } catch (error) {
        if (!told) logger.warn({ file: tokenFile, reason: messageOf(error) }, 'the Consul token file cannot be read');
        told = true;
      }
      return last;
    },
  };
}
