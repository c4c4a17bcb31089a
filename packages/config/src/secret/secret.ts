/**
 * Secrets must not reach a log, an event, an error or a management page. Which settings are secret is judged by their
 * names and by the form of their values, by the kernel's judge that the logger uses too, and can be declared.
 */
import { isSecretName, mask, maskText } from '@fwk/kernel';
import { type ConfigPath, formatPath, parsePath } from '../tree/path.js';
import { type ConfigTree, eachLeaf, isTree } from '../tree/tree.js';

/** Shorter values are not searched for in messages: they would mask half the words. */
const shortestSearched = 4;

/** Secrets that show only when references are put in: a text that a file or another secret is part of. */
export interface FoundSecrets {
  /** Written paths. */
  readonly paths: ReadonlySet<string>;
  readonly texts: ReadonlySet<string>;
}

const nothingFound: FoundSecrets = { paths: new Set(), texts: new Set() };

/** Knows which settings are secret. */
export interface Secrets {
  /** True for a secret setting and for everything below one. `value` is what is set there. */
  has(path: ConfigPath, value?: unknown): boolean;
  /** The value with every secret in it replaced, and those inside of texts too. */
  masked(value: unknown, path: ConfigPath): unknown;
  /** A foreign message with the values of all secrets of `tree` replaced. */
  maskedMessage(message: string, tree: ConfigTree): string;
  /** A judge that knows these too. */
  with(found: FoundSecrets): Secrets;
}

/**
 * Makes the judge.
 * @param declared - paths that are secret whatever their names, such as `billing.account`.
 * @param found - what is secret because of what was put into it.
 */
export function secretsOf(declared: readonly string[], found: FoundSecrets = nothingFound): Secrets {
  const paths = new Set(declared.map((path) => parsePath(path).join('\0')));
  const has = (path: ConfigPath, value?: unknown) =>
    path.some(
      (part, index) =>
        isSecretName(part, index === path.length - 1 ? value : undefined) ||
        paths.has(path.slice(0, index + 1).join('\0')) ||
        (found.paths.size > 0 && found.paths.has(formatPath(path.slice(0, index + 1)))),
    );
  const masked = (value: unknown, path: ConfigPath): unknown => {
    if (value === undefined || value === null) return value;
    if (has(path, value)) return mask;
    if (typeof value === 'string') return maskText(value);
    if (Array.isArray(value)) return value.map((item, index) => masked(item, [...path, String(index)]));
    if (!isTree(value)) return value;
    const named = value.name;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        // `{ name: 'DB_PASSWORD', value: '…' }`, as in lists of headers and of variables.
        const secret = key === 'value' && typeof named === 'string' && isSecretName(named, item);
        return [key, secret ? mask : masked(item, [...path, key])];
      }),
    );
  };
  return {
    has,
    masked,
    maskedMessage(message, tree) {
      let text = maskText(message);
      for (const secret of found.texts) if (secret.length >= shortestSearched) text = text.replaceAll(secret, mask);
      eachLeaf(tree, (path, leaf) => {
        const value = typeof leaf === 'string' || typeof leaf === 'number' ? String(leaf) : '';
        if (value.length >= shortestSearched && text.includes(value) && has(path, leaf)) {
          text = text.replaceAll(value, mask);
        }
      });
      return text;
    },
    with: (more) => secretsOf(declared, more),
  };
}
