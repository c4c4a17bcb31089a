import { messageOf } from '../errors/fwk-error.js';
import { readRegularFile } from '../files/regular-file.js';
import type { Logger } from '../telemetry/logger.js';
import type { ConsulAgentOptions, TokenReader } from './agent-options.js';

/** More than any token has. */
const MAX_FILE_BYTES = 64 * 1024;

/** Where the ACL token comes from. */
export interface TokenSource {
  /** The token to send now; undefined for none. */
  read(): Promise<string | undefined>;
}

type TokenOptions = Pick<ConsulAgentOptions, 'token' | 'tokenFile'>;

/** True for what may stand in a header as a token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** Whether the next request may be sent with another token. */
export function canChange({ token, tokenFile }: TokenOptions): boolean {
  return tokenFile !== undefined || typeof token === 'function';
}

/**
 * The token of the options. A file is read, or a function called, for each request, which costs little beside the request, so that a
 * token that was replaced is used from then on; while there is none to be had, the last token stays in use.
 * @param onReplaced - told when it is another token than it was.
 */
export function tokenSource(
  { token, tokenFile }: TokenOptions,
  logger: Logger,
  onReplaced: () => void = () => {},
): TokenSource {
  const read = tokenFile === undefined ? token : () => tokenIn(tokenFile);
  if (typeof read !== 'function') return { read: async () => read };
  const where =
    tokenFile === undefined
      ? 'the function that answers the Consul token failed'
      : 'the Consul token file cannot be read';
  let last = typeof token === 'string' ? token : undefined;
  let seen = false;
  let told = false;
  return {
    async read() {
      try {
        const next = checked(await read());
        const replaced = seen && next !== last;
        last = next;
        seen = true;
        told = false;
        if (replaced) onReplaced();
      } catch (error) {
        if (!told)
          logger.warn({ ...(tokenFile !== undefined && { file: tokenFile }), reason: messageOf(error) }, where);
        told = true;
      }
      return last;
    },
  };
}

async function tokenIn(file: string): Promise<string> {
  return (await readRegularFile(file, { maxBytes: MAX_FILE_BYTES })).toString('utf8').trim();
}

function checked(text: Awaited<ReturnType<TokenReader>>): string | undefined {
  if (text !== undefined && text !== '' && !isToken(text))
    throw new TypeError('it holds something else than one token');
  return text || undefined;
}
