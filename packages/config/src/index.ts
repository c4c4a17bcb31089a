export { config } from './component.js';
export { type Config, type ConfigView, configToken, type Refusal, type SourceState } from './config.js';
export {
  ConfigError,
  type ConfigErrorCode,
  type ConfigErrorOptions,
  ConfigInvalidError,
  type ConfigIssue,
  configErrors,
} from './errors.js';
export { configEvents } from './events.js';
export type { Candidate, Explanation } from './explain.js';
export { loadConfig } from './load-config.js';
export { type ConfigOptions, configDefaults, type FileEntry } from './options.js';
export { formatOrigin, type Origin } from './origin.js';
export { type ConfigPath, formatPath, parsePath } from './path.js';
export { Setting, type SettingDecorator, setting } from './setting.js';
export { settings, settingsOf } from './settings.js';
export type { SettingsDefinition } from './settings-definition.js';
export type { ConfigSource, SourceContext, SourceValues } from './source.js';
export { defaultsSource } from './sources/defaults.js';
export { type EnvironmentOptions, environmentDefaults, environmentSource } from './sources/environment.js';
export { type FileSourceOptions, fileSource, fileSourceDefaults } from './sources/file.js';
export type { FileWatchOptions } from './sources/watch-file.js';
export type { ConfigTree } from './tree.js';
