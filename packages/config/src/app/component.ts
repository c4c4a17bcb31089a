import type { Component, HealthIndicator, ManagementEndpoint } from '@fwk/kernel';
import { LiveConfig } from '../live/live-config.js';
import { type ConfigOptions, checkConfigOptions, sourcesOf } from '../live/options.js';
import { type Config, configToken } from '../settings/config.js';
import type { ConfigTree } from '../tree/tree.js';

/**
 * Plugs configuration into an application; list it first in `use`. It is loaded when the application starts, and an
 * invalid one ends the start with an error that names file, setting and problem. Later edits take effect when they are
 * good; a bad one leaves the last good settings in effect, and the application DEGRADED until it is mended.
 *
 * `/manage/config` shows everything with its sources, `/manage/config/checkout.maxItems` explains one setting; secrets
 * are masked.
 * @throws OptionsError at once; ConfigError when the application starts.
 */
export function config<T = ConfigTree>(options: ConfigOptions<T> = {}): Component {
  sourcesOf(checkConfigOptions(options));
  return {
    name: 'config',
    forApplication() {
      const live = new LiveConfig<T>(options);
      return {
        provide: (provision) => provision.value(configToken, live as Config),
        start: (context) => live.start(context.env, context.call),
        stop: () => live[Symbol.asyncDispose](),
        health: () => [indicator(live)],
        manage: () => endpoints(live),
      };
    },
  };
}

function indicator(config: Pick<Config, 'lastRefusal'>): HealthIndicator {
  return {
    name: 'config',
    check() {
      const refusal = config.lastRefusal;
      if (!refusal) return { status: 'UP' };
      const { code, reason, source, atMs } = refusal;
      return { status: 'DEGRADED', details: { code, reason, source, since: new Date(atMs).toISOString() } };
    },
  };
}

function endpoints(config: Pick<Config, 'view' | 'explain'>): ManagementEndpoint[] {
  return [
    { path: 'config', handle: () => config.view() },
    { path: 'config/:path', handle: ({ parameter }) => config.explain(parameter ?? '') },
  ];
}
