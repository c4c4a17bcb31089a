/**
 * Overrides of a running configuration. A change is read and checked with all sources before it takes effect, while no other pass runs;
 * one that does not fit changes nothing.
 */
import { type Env, isFwkError, messageOf } from '@fwk/kernel';
import type { ChangeReason, ConfigOverrides, ConfigPreview, OverrideOptions } from '../settings/config.js';
import type { Override, Overrides } from '../sources/overrides.js';
import { formatPath, parsePath } from '../tree/path.js';
import type { Loaded } from './load-all.js';
import { checkReason, refused, withOverride } from './override-change.js';
import type { Passes } from './passes.js';

/** Most changes that can be undone. */
const maxUndone = 50;

/** What overrides need of their configuration. */
export interface OverrideHost<T> {
  readonly source: Overrides;
  readonly passes: Passes;
  env(): Env;
  /** Reads and checks everything. */
  load(): Promise<Loaded<T>>;
  /** Swaps, or throws and changes nothing. */
  commit(loaded: Loaded<T>): void;
  /** What {@link commit} would change. */
  compare(loaded: Loaded<T>): ConfigPreview;
}

interface Change {
  readonly path: string;
  readonly kind: 'set' | 'lifted' | 'undone';
  readonly reason: ChangeReason;
  readonly next: readonly Override[];
}

/** Makes them. */
export function liveOverrides<T>(host: OverrideHost<T>): ConfigOverrides {
  const { source, passes } = host;
  const done: { readonly path: string; readonly before: readonly Override[] }[] = [];
  const active = () => source.active(host.env().clock);

  /** Tries the overrides; they stay only when `finish` does not throw and answers true. */
  const attempt = async <R>(
    next: readonly Override[],
    finish: (loaded: Loaded<T>) => { stays: boolean; answer: R },
  ) => {
    const before = active();
    source.replace(next);
    let stays = false;
    try {
      const result = finish(await host.load());
      stays = result.stays;
      return result.answer;
    } catch (error) {
      throw isFwkError(error, 'FWK_CONFIG_OVERRIDE_REFUSED') ? error : refused(messageOf(error), error);
    } finally {
      if (!stays) source.replace(before);
    }
  };

  const apply = async ({ path, kind, reason, next }: Change) => {
    const { events, logger } = host.env();
    const before = active();
    await attempt(next, (loaded) => {
      // Taking back is not kept from anybody.
      const { problems } = kind === 'set' ? host.compare(loaded) : { problems: [] };
      if (problems.length > 0) throw refused(problems.join('; '));
      host.commit(loaded);
      return { stays: true, answer: undefined };
    });
    if (kind !== 'undone') done.splice(0, Math.max(0, done.push({ path, before }) - maxUndone));
    const untilMs = next.find((each) => each.path === path)?.untilMs;
    events.emit('config.overridden', { path, kind, ...reason, untilMs });
    logger.warn({ path, kind, ...reason, untilMs }, 'an operator changed what is set over all sources');
  };

  const withOne = (path: string, value: unknown, options: OverrideOptions) =>
    withOverride(active(), path, value, options, host.env().clock.wallTime());

  return {
    get active() {
      return active();
    },
    set: (path, value, options) =>
      passes.between(async () => {
        const next = withOne(path, value, options);
        await apply({ path: formatPath(parsePath(path)), kind: 'set', reason: checkReason(options), next });
      }),
    preview: (path, value, options) =>
      passes.between(() =>
        attempt(withOne(path, value, options), (loaded) => ({ stays: false, answer: host.compare(loaded) })),
      ),
    lift: (path, change) =>
      passes.between(async () => {
        const reason = checkReason(change);
        const written = formatPath(parsePath(path));
        const next = active().filter((each) => each.path !== written);
        if (next.length === active().length) return false;
        await apply({ path: written, kind: 'lifted', reason, next });
        return true;
      }),
    undo: (change) =>
      passes.between(async () => {
        const reason = checkReason(change);
        const last = done.at(-1);
        if (!last) return undefined;
        const nowMs = host.env().clock.wallTime();
        const next = last.before.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs);
        await apply({ path: last.path, kind: 'undone', reason, next });
        done.pop();
        return last.path;
      }),
  };
}
