/**
 * Secrets must not reach a log, an event, an error or a management page. Which settings are secret is judged by their
 * names, and can be declared. Judged too often rather than too rarely: a masked `maxTokens` costs little.
 */
import { type ConfigPath, parsePath } from './path.js';
import { type ConfigTree, eachLeaf, isTree } from './tree.js';

/** What stands in the place of a secret. */
export const mask = '******';

const secretWords: ReadonlySet<string> = new Set([
  ...['password', 'passwords', 'passwd', 'pwd', 'passphrase', 'secret', 'secrets', 'token', 'tokens'],
  ...['credential', 'credentials', 'key', 'keys', 'apikey', 'apikeys', 'authorization', 'cookie', 'dsn'],
]);

/** Shorter values are not searched for in messages: they would mask half the words. */
const shortestSearched = 4;

/** Knows which settings are secret. */
export interface Secrets {
  /** True for a secret setting and for everything below one. */
  has(path: ConfigPath): boolean;
  /** The value with every secret in it replaced, and passwords inside URLs too. */
  masked(value: unknown, path: ConfigPath): unknown;
  /** A foreign message with the values of all secrets of `tree` replaced. */
  maskedMessage(message: string, tree: ConfigTree): string;
}

/**
 * Makes the judge.
 * @param declared - paths that are secret whatever their names, such as `billing.account`.
 */
export function secretsOf(declared: readonly string[]): Secrets {
  const paths = new Set(declared.map((path) => parsePath(path).join('\0')));
  const has = (path: ConfigPath) =>
    path.some((part, index) => secretName(part) || paths.has(path.slice(0, index + 1).join('\0')));
  const masked = (value: unknown, path: ConfigPath): unknown => {
    if (value === undefined || value === null) return value;
    if (has(path)) return mask;
    if (typeof value === 'string') return maskUrls(value);
    if (Array.isArray(value)) return value.map((item, index) => masked(item, [...path, String(index)]));
    if (!isTree(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, [...path, key])]));
  };
  return {
    has,
    masked,
    maskedMessage(message, tree) {
      let text = maskUrls(message);
      eachLeaf(tree, (path, leaf) => {
        const value = typeof leaf === 'string' || typeof leaf === 'number' ? String(leaf) : '';
        if (value.length >= shortestSearched && text.includes(value) && has(path)) {
          text = text.replaceAll(value, mask);
        }
      });
      return text;
    },
  };
}

/** Judges one name by its words: `apiKey`, `API_KEY` and `api-key` alike, but not `monkey` or `keyboard`. */
function secretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => secretWords.has(word)) || secretWords.has(words.join(''));
}

/** `postgres://user:pass@host` keeps the user, who helps to find the mistake, and loses the password. */
function maskUrls(text: string): string {
  return text.includes('://') ? text.replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${mask}@`) : text;
}
