import {
  type Component,
  type ComponentContext,
  type HealthIndicator,
  instanceFactsToken,
  OptionsError,
  policyFlagsToken,
  settingsToken,
  showValue,
} from '@fwk/kernel';
import { checkFlagOptions, type FlagOptions } from '../flags/flag-options.js';
import { flagsToken } from '../flags/flags.js';
import { LiveFlags } from '../flags/live-flags.js';
import { flagEndpoints, flagIndicator } from '../flags/manage-flags.js';
import { LiveConfig } from '../live/live-config.js';
import { type ConfigOptions, checkConfigOptions, sourcesOf } from '../live/options.js';
import { type Config, configToken } from '../settings/config.js';
import type { ConfigTree } from '../tree/tree.js';
import { configEndpoints, observeConfig } from './manage-config.js';
import { tellVersion } from './tell-version.js';

/** What {@link config} is made of. */
export interface AppConfigOptions<T = ConfigTree> extends ConfigOptions<T> {
  /** How feature flags, which stand below `flags:`, are told of; false where `flags` is a setting of your own. @defaultValue {} */
  readonly flags?: Partial<FlagOptions> | false;
}

/**
 * Plugs configuration into an application; list it first in `use`. It is loaded when the application starts, and an
 * invalid one ends the start with an error that names file, setting and problem. Later edits take effect when they are
 * good; a bad one leaves the last good settings in effect, and the application DEGRADED until it is mended.
 *
 * `/manage/config` shows everything with its sources, `/manage/config/checkout.maxItems` explains one setting; secrets
 * are masked; `configEndpoints` says how settings are overridden there. Version and hash of the settings stand in the metadata of the
 * application's instances, as `config-version` and `config-hash`. `/manage/flags` lists the feature flags,
 * `/manage/flags/express-checkout` explains what one answers, `/manage/experiments` compares the variants of those that are
 * experiments.
 * @throws OptionsError at once; ConfigError when the application starts.
 */
export function config<T = ConfigTree>(options: AppConfigOptions<T> = {}): Component {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError('config', [
      `options must be an object such as { files: ['config.yaml'] }, not ${showValue(options)}`,
    ]);
  }
  const { flags: flagOptions, ...own } = options;
  sourcesOf(checkConfigOptions(own));
  if (flagOptions !== false) checkFlagOptions(flagOptions);
  return {
    name: 'config',
    forApplication() {
      const live = new LiveConfig<T>(own);
      const flags = flagOptions === false ? undefined : new LiveFlags(flagOptions);
      const observed: Disposable[] = [];
      return {
        provide(provision) {
          provision.value(configToken, live as Config);
          provision.value(settingsToken, live);
          if (!flags) return;
          provision.value(flagsToken, flags);
          provision.value(policyFlagsToken, flags);
        },
        async start(context) {
          await start(live, flags, context);
          observed.push(observeConfig(live, context.env));
          const facts = context.find(instanceFactsToken);
          if (facts) observed.push(tellVersion(live, context.env, facts));
        },
        async stop() {
          for (const each of observed.splice(0)) each[Symbol.dispose]();
          flags?.[Symbol.dispose]();
          await live[Symbol.asyncDispose]();
        },
        health: () => [indicator(live), ...(flags ? [flagIndicator(flags)] : [])],
        manage: () => [...configEndpoints(live), ...(flags ? flagEndpoints(flags) : [])],
      };
    },
  };
}

async function start<T>(
  live: LiveConfig<T>,
  flags: LiveFlags | undefined,
  { env, call }: ComponentContext,
): Promise<void> {
  await live.start(env, call);
  try {
    flags?.follow(live as Config, env);
  } catch (error) {
    await live[Symbol.asyncDispose]();
    throw error;
  }
}

function indicator(config: Pick<Config, 'lastRefusal' | 'sources'>): HealthIndicator {
  return {
    name: 'config',
    check() {
      const refusal = config.lastRefusal;
      if (!refusal) {
        const old = config.sources.find(({ stale }) => stale);
        if (!old?.stale) return { status: 'UP' };
        const since = new Date(old.stale.sinceMs).toISOString();
        return { status: 'DEGRADED', details: { reason: old.stale.reason, source: old.name, since } };
      }
      const { code, reason, source, atMs } = refusal;
      return { status: 'DEGRADED', details: { code, reason, source, since: new Date(atMs).toISOString() } };
    },
  };
}
