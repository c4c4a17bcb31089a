/**
 * One reading of everything: loads all sources, merges them and checks the whole. Changes nothing: the answer may be
 * taken or left. Bounded in time, so that a source or schema that never answers cannot stop later edits.
 */
import { type CallContext, cancellable, type Env, isFwkError, messageOf } from '@fwk/kernel';
import { ConfigError, saysNothing } from '../errors.js';
import type { Secrets } from '../secret/secret.js';
import { type Layer, loadLayer } from '../source/layer.js';
import type { ConfigSource } from '../source/source.js';
import { mergeTrees } from '../tree/merge.js';
import { formatOrigin } from '../tree/origin.js';
import type { ConfigTree } from '../tree/tree.js';
import { checkWhole } from './check-whole.js';
import type { CheckedOptions } from './options.js';
import { putTogether } from './put-together.js';

/** What is to be read. */
export interface Reading<T> {
  /** Lowest first. */
  readonly sources: readonly ConfigSource[];
  readonly options: CheckedOptions<T>;
  readonly secrets: Secrets;
  /** What the sources said last; stands in for one that says nothing any more. Empty at first. */
  readonly last: readonly Layer[];
  /** The one source that is read; all others count with what they said last. Undefined for all. */
  readonly only?: ConfigSource | undefined;
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
  // It holds the process: one that waits for nothing but a schema would else end without a word.
  const timer = env.clock.setTimer(() => cancel(loadTimeout(loadTimeoutMs)), loadTimeoutMs);
  try {
    const { layers, merged, vanished } = await loadLayers(reading, env, call);
    const put = await putTogether(merged, layers, reading.secrets, reading.options, call);
    const tree = await checkWhole(schema, { ...put, layers }, call);
    return { tree, layers, vanished, ...put };
  } finally {
    env.clock.clearTimer(timer);
  }
}

async function loadLayers({ sources, last, only }: Reading<unknown>, env: Env, call: CallContext) {
  const layers: Layer[] = [];
  let merged: ConfigTree = {};
  let vanished: ConfigError | undefined;
  const failures: Error[] = [];
  for (const source of sources) {
    const known = last.find((each) => each.source === source);
    let layer: Layer;
    try {
      const isRead = !known || only === undefined || only === source;
      layer = isRead ? await loadLayer(source, { env, call, below: merged }) : known;
    } catch (error) {
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
