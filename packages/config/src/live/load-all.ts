/**
 * One reading of everything: loads all sources, merges them and checks the whole. Changes nothing: the answer may be
 * taken or left. Bounded in time, so that a source or schema that never answers cannot stop later edits.
 */
import { abandonOnCancel, type CallContext, cancellable, type Env, isFwkError, messageOf } from '@fwk/kernel';
import { findKeys } from '../cipher/find-keys.js';
import { isEncrypted, type ValueKeys } from '../cipher/value-cipher.js';
import { ConfigError, ConfigInvalidError, saysNothing } from '../errors.js';
import { winningOrigin } from '../explain/explain.js';
import { readOutside } from '../resolve/outside-texts.js';
import { eachUnresolved } from '../resolve/plain.js';
import { resolveTree } from '../resolve/resolve-tree.js';
import type { FoundSecrets, Secrets } from '../secret/secret.js';
import { type Layer, loadLayer } from '../source/layer.js';
import type { ConfigSource } from '../source/source.js';
import { mergeTrees } from '../tree/merge.js';
import { formatOrigin } from '../tree/origin.js';
import { type ConfigPath, formatPath } from '../tree/path.js';
import { type ConfigTree, eachLeaf } from '../tree/tree.js';
import { checkWhole } from './check-whole.js';
import type { CheckedOptions } from './options.js';

/** What is to be read. */
export interface Reading<T> {
  /** Lowest first. */
  readonly sources: readonly ConfigSource[];
  readonly options: CheckedOptions<T>;
  readonly secrets: Secrets;
  /** What the sources said last; stands in for one that says nothing any more. Empty at first. */
  readonly last: readonly Layer[];
}

/** What was read, checked. */
export interface Loaded<T> {
  /** What the schema made of it. */
  readonly tree: T;
  /** Merged, with what references stand for, and not yet validated. */
  readonly raw: ConfigTree;
  readonly layers: readonly Layer[];
  /** Knows the secrets that references brought in too. */
  readonly secrets: Secrets;
  /** Absolute paths of the files that references name. */
  readonly files: readonly string[];
  /** Of the first source that says nothing any more; what it said last is among the layers. */
  readonly vanished: ConfigError | undefined;
}

/**
 * Reads everything once. Ends at once when the context is cancelled, with the caller's own reason.
 * @throws ConfigError of a source, ConfigInvalidError with every issue, `FWK_CONFIG_LOAD_TIMEOUT`.
 */
export async function loadAll<T>(reading: Reading<T>, env: Env, parent: CallContext): Promise<Loaded<T>> {
  const { loadTimeoutMs, schema } = reading.options;
  const { context: call, cancel } = cancellable(parent);
  const timer = env.clock.setTimer(() => cancel(loadTimeout(loadTimeoutMs)), loadTimeoutMs, true);
  try {
    const { layers, merged, vanished } = await loadLayers(reading, env, call);
    const put = await putTogether(merged, layers, reading, call);
    const tree = await checkWhole(schema, { ...put, layers }, call);
    return { tree, layers, vanished, ...put };
  } finally {
    env.clock.clearTimer(timer);
  }
}

/** @throws ConfigInvalidError with every reference that cannot be resolved. */
async function putTogether(merged: ConfigTree, layers: readonly Layer[], reading: Reading<unknown>, call: CallContext) {
  const variables = reading.options.environment ? reading.options.environment.source : undefined;
  const spare = Object.assign({}, ...layers.map((layer) => layer.variables)) as Record<string, string>;
  const outside = await readOutside(merged, { ...spare, ...definedIn(variables ?? process.env) }, call);
  const originOf = (path: ConfigPath) => winningOrigin(path, layers);
  const whole = secretsIn(layers);
  const known = reading.secrets.with(whole);
  const keys = hasEncrypted(merged)
    ? await abandonOnCancel(call, findKeys(reading.options.keyFile, outside.variables))
    : noKeys;
  const { tree, secrets, issues } = resolveTree(merged, { secrets: known, outside, keys, originOf });
  if (issues.length > 0) throw new ConfigInvalidError('configuration', issues);
  const found = {
    paths: new Set([...whole.paths, ...secrets.paths]),
    texts: new Set([...whole.texts, ...secrets.texts]),
  };
  return { raw: tree, secrets: reading.secrets.with(found), files: outside.files };
}

const noKeys: ValueKeys = new Map();

function hasEncrypted(tree: ConfigTree): boolean {
  let found = false;
  eachUnresolved(tree, (text) => {
    found ||= isEncrypted(text);
  });
  return found;
}

/** Everything that sources say which are secret as a whole. */
function secretsIn(layers: readonly Layer[]): FoundSecrets {
  const paths = new Set<string>();
  const texts = new Set<string>();
  for (const { tree } of layers.filter(({ secret }) => secret)) {
    eachLeaf(tree, (path, leaf) => {
      paths.add(formatPath(path));
      if (typeof leaf === 'string') texts.add(leaf);
    });
  }
  return { paths, texts };
}

function definedIn(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function loadLayers({ sources, last }: Reading<unknown>, env: Env, call: CallContext) {
  const layers: Layer[] = [];
  let merged: ConfigTree = {};
  let vanished: ConfigError | undefined;
  const failures: Error[] = [];
  for (const source of sources) {
    let layer: Layer;
    try {
      layer = await loadLayer(source, { env, call, below: merged });
    } catch (error) {
      const known = last.find((each) => each.source === source);
      if (!known || !saysNothing(error)) {
        if (call.cancelled) throw error;
        failures.push(fromSource(error, source));
        continue;
      }
      vanished ??= error;
      layer = known;
    }
    layers.push(layer);
    merged = mergeTrees(merged, layer.tree);
  }
  const [failure, ...others] = failures;
  if (failure) throw allOf(failure, others);
  return { layers, merged, vanished };
}

/** What a source throws is made ours. */
function fromSource(error: unknown, source: ConfigSource): Error {
  if (error instanceof Error && isFwkError(error)) return error;
  return new ConfigError('FWK_CONFIG_SOURCE_FAILED', `the source failed: ${messageOf(error)}`, {
    origin: { source: source.name },
    cause: error,
  });
}

/** One error that tells all, so that nobody mends one file only to be told of the next. */
function allOf(first: Error, others: readonly Error[]): Error {
  if (!(first instanceof ConfigError) || others.length === 0) return first;
  const { code, message, origin, cause } = first;
  const start = origin ? formatOrigin(origin).length + 2 : 0;
  return new ConfigError(code, message.slice(start), { ...(origin && { origin }), cause, others });
}

function loadTimeout(limitMs: number): ConfigError {
  return new ConfigError(
    'FWK_CONFIG_LOAD_TIMEOUT',
    `reading and checking the configuration took longer than ${limitMs} ms; raise loadTimeoutMs or find what is slow`,
    { details: { limitMs } },
  );
}
