/** What is done about a source that is not there: doing without it, or with what it said before. */
import { type Env, messageOf, numberIn, OptionsError, SavedFile, text } from '@fwk/kernel';
import { isAbsence } from '../errors.js';
import type { ConfigSource, SourceValues } from '../source/source.js';
import { ownTree } from '../tree/kept.js';
import { type ConfigTree, isTree } from '../tree/tree.js';

/**
 * A source that may be down when the program starts: it then says nothing until it is there, and the configuration is stale meanwhile. What it has
 * said once stays when it goes down later, as with every source. Only being down is excused; what is wrong in it still ends the start.
 */
export function optionalSource(source: ConfigSource): ConfigSource {
  let has = false;
  return {
    name: source.name,
    async load(context) {
      try {
        const values = await source.load(context);
        has = true;
        return values;
      } catch (error) {
        if (has || !isAbsence(error)) throw error;
        const reason = `${messageOf(error)}; it is optional, the program goes on without it`;
        return { tree: {}, stale: { sinceMs: context.env.clock.wallTime(), reason } };
      }
    },
    watch: (changed, env) => source.watch(changed, env),
  };
}

/** Options of {@link keptCopy}. */
export interface KeptCopyOptions {
  /** Where the copy is kept; only this user may read it, since it holds everything that the source says, secrets as well. */
  readonly file: string;
  /** Older copies are not used, in milliseconds. @defaultValue Infinity */
  readonly maxAgeMs?: number;
}

/** Largest copy that is read, in bytes. */
const maxBytes = 64 * 1024 * 1024;

/**
 * A source whose last good word is kept on disk, so that the program can start while it is down. The configuration is stale then, with the age
 * of the copy, until the source answers.
 * @throws OptionsError.
 */
export function keptCopy(source: ConfigSource, options: KeptCopyOptions): ConfigSource {
  const { file, maxAgeMs = Number.POSITIVE_INFINITY } = options;
  const problems = [
    [text(file), 'file'],
    [numberIn(0)(maxAgeMs), 'maxAgeMs'],
  ].flatMap(([problem, name]) => (problem === undefined ? [] : [`${name} must be ${problem}`]));
  if (problems.length > 0) throw new OptionsError('keptCopy', problems);
  let last: Copy | undefined;
  let saved: SavedFile | undefined;
  const savedIn = (env: Env) => {
    saved ??= new SavedFile({ file, what: `the copy of ${source.name}`, debounceMs: 100, maxBytes }, env, () =>
      JSON.stringify(last),
    );
    return saved;
  };
  return {
    name: source.name,
    async load(context) {
      const { env } = context;
      try {
        const values = await source.load(context);
        const tree = ownTree(values.tree, { source: source.name });
        last = { atMs: env.clock.wallTime(), tree, secret: values.secret ?? false };
        savedIn(env).changed();
        return values;
      } catch (error) {
        if (last || !isAbsence(error)) throw error;
        return fromCopy(savedIn(env).read(decode), error, env.clock.wallTime(), maxAgeMs);
      }
    },
    watch(changed, env) {
      const watch = source.watch(changed, env);
      return {
        async [Symbol.asyncDispose]() {
          if (Symbol.asyncDispose in watch) await watch[Symbol.asyncDispose]();
          else watch[Symbol.dispose]();
          await saved?.close();
        },
      };
    },
  };
}

interface Copy {
  /** Wall-clock milliseconds at which the source said it. */
  readonly atMs: number;
  readonly tree: ConfigTree;
  readonly secret: boolean;
}

function decode(value: unknown): Copy {
  if (!isTree(value) || typeof value.atMs !== 'number' || !isTree(value.tree))
    throw new Error('it is no copy of settings');
  return { atMs: value.atMs, tree: value.tree, secret: value.secret === true };
}

function fromCopy(copy: Copy | undefined, error: unknown, nowMs: number, maxAgeMs: number): SourceValues {
  if (!copy || nowMs - copy.atMs > maxAgeMs) throw error;
  const age = `${new Date(copy.atMs).toISOString()}, ${Math.max(0, Math.round((nowMs - copy.atMs) / 1000))} s old at the start`;
  const reason = `${messageOf(error)}; its copy of ${age} is used`;
  return { tree: copy.tree, secret: copy.secret, stale: { sinceMs: copy.atMs, reason } };
}
