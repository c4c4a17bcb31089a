import { background, type CallContext, defaultEnv, type Env } from '@fwk/kernel';
import { LiveConfig } from '../live/live-config.js';
import type { ConfigOptions } from '../live/options.js';
import type { Config } from '../settings/config.js';
import type { ConfigTree } from '../tree/tree.js';

/**
 * Loads a configuration for a program without an application object. Dispose it to end its watching.
 * @param env - clock, events and logger. @defaultValue the default environment
 * @param call - cancelling it ends the loading with its reason. @defaultValue nothing cancels
 * @throws ConfigError that names the file or variable, the setting and the problem; OptionsError.
 */
export async function loadConfig<T = ConfigTree>(
  options: ConfigOptions<T> = {},
  env: Env = defaultEnv,
  call: CallContext = background,
): Promise<Config<T> & AsyncDisposable> {
  const config = new LiveConfig<T>(options);
  await config.start(env, call);
  return config;
}
