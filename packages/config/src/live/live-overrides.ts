/**
 * Overrides of a running configuration. A change is checked before it takes effect, with what all sources said last, while no
 * other pass runs; one that does not fit changes nothing. Sources are not read for it: what operators do in need must work while a
 * file is broken or a store is down.
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
  /** Checks what all sources said last, with the overrides that are tried. */
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

  /** Tries the overrides. @param finish - is given what the settings would be. */
  const attempt = async <R>(next: readonly Override[], finish: (loaded: Loaded<T>) => R) => {
    source.tried = next;
    try {
      return finish(await host.load());
    } catch (error) {
      throw isFwkError(error, 'FWK_CONFIG_OVERRIDE_REFUSED') ? error : refused(messageOf(error), error);
    } finally {
      source.tried = undefined;
    }
  };

  const apply = async ({ path, kind, reason, next }: Change) => {
    const { events, logger } = host.env();
    const before = active();
    await attempt(next, (loaded) => {
      // Taking back is not kept from anybody.
      const { problems } = kind === 'set' ? host.compare(loaded) : { problems: [] };
      if (problems.length > 0) throw refused(problems.join('; '));
      source.replace(next);
      try {
        host.commit(loaded);
      } catch (error) {
        source.replace(before);
        throw error;
      }
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
      passes.between(() => attempt(withOne(path, value, options), (loaded) => host.compare(loaded))),
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
