/** What of an application follows its settings where its code says nothing else. */
import { type Env, followTunable, type Live, type Resolver, type Tunable } from '@fwk/kernel';
import { coreTunables } from '../core-tunables.js';
import type { ConfiguredLevels } from '../logging/logger-levels.js';
import type { TraceSampling } from '../tracing/tracing-options.js';

type Finder = Pick<Resolver, 'find'>;

/** Levels of loggers as the settings have them. @throws OptionsError when they do not fit now. */
export function configuredLevels(resolver: Finder, env: Env): Live<ConfiguredLevels> {
  return followTunable(resolver, coreTunables.logLevels, { component: 'logging', env });
}

/** Which traces are kept, as the settings have it. @throws OptionsError when they do not fit now. */
export function configuredSampling(resolver: Finder, env: Env): Partial<TraceSampling> {
  const { sampledRatio, keptErrors, keptSlowMs } = coreTunables;
  const follow = <T>(tunable: Tunable<T>) => followTunable(resolver, tunable, { component: 'tracing', env });
  return {
    ratio: follow(sampledRatio as Tunable<number>),
    errors: follow(keptErrors as Tunable<boolean>),
    slowMs: follow(keptSlowMs as Tunable<number>),
  };
}
