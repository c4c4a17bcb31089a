/**
 * Secrets must not reach a log, an event, an error or a management page. Which settings are secret is judged by their
 * names and by the form of their values, by the kernel's judge that the logger uses too, and can be declared.
 */
import { isSecretName, mask, maskText } from '@fwk/kernel';
import { type ConfigPath, formatPath, parsePath } from '../tree/path.js';
import { type ConfigTree, eachLeaf, isTree } from '../tree/tree.js';

/** Shorter values are not searched for in messages: they would mask half the words. */
const shortestSearched = 4;

/** Secrets that neither names nor declarations tell: a text that a file or another secret is part of, a value beside its name. */
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
  /** Masks foreign messages, which may quote secrets of `tree`. It looks through the tree once for all, when the first one comes. */
  messagesOf(tree: ConfigTree): (message: string) => string;
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
    const named = namesSecret(value);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, named && key === 'value' ? mask : masked(item, [...path, key])]),
    );
  };
  return {
    has,
    masked,
    messagesOf(tree) {
      let texts: readonly string[] | undefined;
      return (message) => {
        texts ??= textsToMask(tree, found.texts, has);
        return texts.reduce((text, secret) => text.replaceAll(secret, mask), maskText(message));
      };
    },
    with: (more) => secretsOf(declared, more),
  };
}

/** Whether the `value` of an object is secret by its `name`: `{ name: 'DB_PASSWORD', value: '…' }`, as in lists of headers and of variables. */
export function namesSecret({ name, value }: ConfigTree): boolean {
  return typeof name === 'string' && value !== undefined && value !== null && isSecretName(name, value);
}

/** The texts of all secrets, long ones first, since one may stand within another. */
function textsToMask(tree: ConfigTree, found: Iterable<string>, isSecret: Secrets['has']): readonly string[] {
  const texts = new Set<string>();
  const add = (text: string) => {
    if (text.length < shortestSearched) return;
    // As it is, and as JSON writes it: validators quote values so.
    texts.add(text).add(JSON.stringify(text).slice(1, -1));
  };
  for (const text of found) add(text);
  eachLeaf(tree, (path, leaf) => {
    if ((typeof leaf === 'string' || typeof leaf === 'number') && isSecret(path, leaf)) add(String(leaf));
  });
  return [...texts].sort((a, b) => b.length - a.length);
}
