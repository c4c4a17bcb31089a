/** What the schema of the whole makes of the settings, and issues that say where and what was probably meant. */
import { type CallContext, issuePath, type StandardIssue, type StandardSchema } from '@fwk/kernel';
import { ConfigInvalidError, maxIssues } from '../errors.js';
import { winningOrigin } from '../explain/explain.js';
import { type IssueTeller, oneForEachKey } from '../schema/issues.js';
import { retyped, type TextAt, unmended } from '../schema/retype.js';
import { validate } from '../schema/schema.js';
import { misspeltAs, unknownKeys } from '../schema/unknown-keys.js';
import type { Secrets } from '../secret/secret.js';
import type { Layer } from '../source/layer.js';
import { changedAt } from '../tree/changed-at.js';
import { formatOrigin } from '../tree/origin.js';
import { formatPath, parsePath } from '../tree/path.js';
import { type ConfigTree, copyTree, valueAt } from '../tree/tree.js';

/** Settings that are to be checked, and what is known of them. */
export interface Unchecked {
  readonly raw: ConfigTree;
  readonly secrets: Secrets;
  readonly layers: readonly Layer[];
}

/** @throws ConfigInvalidError with every issue. */
export async function checkWhole<T>(
  schema: StandardSchema<unknown, T> | undefined,
  given: Unchecked,
  call: CallContext,
): Promise<T> {
  const { raw } = given;
  if (!schema) return raw as T;
  // Validators may write into what they are given: they get a copy.
  const ask = (tree: ConfigTree) => copyTree(tree, { source: 'all sources' });
  const first = await validate(schema, ask(raw), call);
  if (!first.issues) return first.value;
  const other = retyped(raw, first.issues, textAtIn(given.layers));
  const second = other && (await validate(schema, ask(other), call));
  if (second && !second.issues) return second.value;
  const issues = oneForEachKey(second ? unmended(first.issues, second.issues) : first.issues);
  const meant = await meantInstead(raw, issues, (tree) => validate(schema, ask(tree), call));
  const tell = issueTeller(given);
  const told = issues.slice(0, maxIssues).map((issue) => {
    const path = issuePath(issue);
    const written = formatPath(path);
    const { message, origin } = tell(path, issue.message);
    return { path: written, message: [message, ...(meant.get(written) ?? [])].join('; '), origin };
  });
  throw new ConfigInvalidError('configuration', told, issues.length);
}

/** Completes issues: masked, with a key that was probably meant to be the missing one, and where the value was set. */
export function issueTeller({ raw, secrets, layers }: Unchecked): IssueTeller {
  const maskedMessage = secrets.messagesOf(raw);
  return (path, message) => {
    const masked = maskedMessage(message);
    const other = misspeltAs(path, raw);
    if (other === undefined) return { message: masked, origin: winningOrigin(path, layers) };
    const origin = winningOrigin(parsePath(other), layers);
    return {
      message: `${masked}; "${other}" is set${origin ? ` at ${formatOrigin(origin)}` : ''}: a misspelling?`,
      origin,
    };
  };
}

/** What was written at a path, where the source that wins there knows only text. */
export function textAtIn(layers: readonly Layer[]): TextAt {
  return (path) => layers.findLast(({ tree }) => valueAt(tree, path) !== undefined)?.textOf(path);
}

/**
 * For keys that a strict schema refuses: the known ones that are nearest, by path. Known is what the schema answers when they are
 * left out.
 */
async function meantInstead(
  raw: ConfigTree,
  issues: readonly StandardIssue[],
  ask: (tree: ConfigTree) => ReturnType<typeof validate>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const refused = issues.map(issuePath).filter((path) => path.length > 0 && valueAt(raw, path) !== undefined);
  if (refused.length === 0) return new Map();
  const without = refused.map((path) => ({ path, value: undefined }));
  const result = await ask(changedAt(raw, without));
  if (result.issues) return new Map();
  return new Map(
    unknownKeys(raw, result.value, () => false).flatMap(({ path, nearest }) =>
      nearest === undefined ? [] : [[path, [`did you mean "${nearest}"?`]] as const],
    ),
  );
}
