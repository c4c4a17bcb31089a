/** Puts what references stand for into merged settings, and finds out what in them is secret. */
import { abandonOnCancel, type CallContext } from '@fwk/kernel';
import { findKeys } from '../cipher/find-keys.js';
import { isEncrypted, type ValueKeys } from '../cipher/value-cipher.js';
import { ConfigInvalidError } from '../errors.js';
import { winningOrigin } from '../explain/explain.js';
import { readOutside } from '../resolve/outside-texts.js';
import { resolveTree } from '../resolve/resolve-tree.js';
import { standsForSecret, type Unresolved, unresolvedIn } from '../resolve/unresolved.js';
import type { FoundSecrets, Secrets } from '../secret/secret.js';
import type { Layer } from '../source/layer.js';
import { formatPath } from '../tree/path.js';
import { type ConfigTree, eachLeaf } from '../tree/tree.js';
import type { CheckedOptions } from './options.js';

/** Settings with everything in its place. */
export interface PutTogether {
  readonly raw: ConfigTree;
  /** Knows the secrets that references brought in too. */
  readonly secrets: Secrets;
  /** Absolute paths of the files that references name. */
  readonly files: readonly string[];
}

/** @throws ConfigInvalidError with the references that cannot be resolved. */
export async function putTogether(
  merged: ConfigTree,
  layers: readonly Layer[],
  secrets: Secrets,
  { environment, keyFile }: Pick<CheckedOptions<unknown>, 'environment' | 'keyFile'>,
  call: CallContext,
): Promise<PutTogether> {
  const unresolved = layers.flatMap(({ tree }) => unresolvedIn(tree));
  // Reading the variables of a process takes its time: it is done where something may refer to them.
  const outside = await readOutside(merged, unresolved.length > 0 ? variablesOf(layers, environment) : {}, call);
  const needsKeys = unresolved.some(({ text }) => isEncrypted(text));
  const keys = needsKeys ? await abandonOnCancel(call, findKeys(keyFile, outside.variables)) : noKeys;
  const known = secretsIn(layers, unresolved);
  const resolved = resolveTree(merged, {
    secrets: secrets.with(known),
    originOf: (path) => winningOrigin(path, layers),
    ...{ outside, keys },
  });
  if (resolved.issues.length > 0) throw new ConfigInvalidError('configuration', resolved.issues);
  const found = {
    paths: new Set([...known.paths, ...resolved.secrets.paths]),
    texts: new Set([...known.texts, ...resolved.secrets.texts]),
  };
  return { raw: resolved.tree, secrets: secrets.with(found), files: outside.files };
}

const noKeys: ValueKeys = new Map();

/** What `${env:NAME}` may name: variables of the process, and beside them those that only sources have. */
function variablesOf(layers: readonly Layer[], environment: CheckedOptions<unknown>['environment']) {
  const own = (environment === false ? undefined : environment.source) ?? process.env;
  const set = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const spare = layers.flatMap(({ variables = {} }) => Object.entries(variables));
  return Object.fromEntries([...spare, ...set]);
}

/** What sources say which are secret as a whole, and what stands where one of them keeps a secret elsewhere. */
function secretsIn(layers: readonly Layer[], unresolved: readonly Unresolved[]): FoundSecrets {
  const paths = new Set<string>();
  const texts = new Set<string>();
  for (const { tree } of layers.filter(({ secret }) => secret)) {
    eachLeaf(tree, (path, leaf) => {
      paths.add(formatPath(path));
      if (typeof leaf === 'string') texts.add(leaf);
    });
  }
  for (const { path, text } of unresolved) if (standsForSecret(text)) paths.add(formatPath(path));
  return { paths, texts };
}
