/**
 * Secrets must not reach a log, an event, an error or a management page. Which settings are secret is judged by their
 * names and by the form of their values, by the kernel's judge that the logger uses too, and can be declared.
 */
import { isSecretName, mask, maskText } from '@fwk/kernel';
import { type ConfigPath, parsePath } from '../tree/path.js';
import { type ConfigTree, eachLeaf, isTree } from '../tree/tree.js';

/** Shorter values are not searched for in messages: they would mask half the words. */
const shortestSearched = 4;

/** Knows which settings are secret. */
export interface Secrets {
  /** True for a secret setting and for everything below one. `value` is what is set there. */
  has(path: ConfigPath, value?: unknown): boolean;
  /** The value with every secret in it replaced, and those inside of texts too. */
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
  const has = (path: ConfigPath, value?: unknown) =>
    path.some(
      (part, index) =>
        isSecretName(part, index === path.length - 1 ? value : undefined) ||
        paths.has(path.slice(0, index + 1).join('\0')),
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
      eachLeaf(tree, (path, leaf) => {
        const value = typeof leaf === 'string' || typeof leaf === 'number' ? String(leaf) : '';
        if (value.length >= shortestSearched && text.includes(value) && has(path, leaf)) {
          text = text.replaceAll(value, mask);
        }
      });
      return text;
    },
  };
}
