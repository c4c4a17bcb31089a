export { type AppConfigOptions, config } from './app/component.js';
export { loadConfig } from './app/load-config.js';
export { decryptValue, encryptValue, makeKey, readKeys, type ValueKeys } from './cipher/value-cipher.js';
export { configTunables } from './config-tunables.js';
export {
  ConfigError,
  type ConfigErrorCode,
  type ConfigErrorOptions,
  ConfigInvalidError,
  type ConfigIssue,
  configErrors,
} from './errors.js';
export { configEvents } from './events.js';
export type { Candidate, Explanation, Part } from './explain/explain.js';
export type { ConditionExplanation } from './flags/condition.js';
export type { ExperimentReport, VariantReport } from './flags/experiments.js';
export type { FlagExplanation, FlagStep, RolloutExplanation, RuleStep } from './flags/explain-flag.js';
export { type FlagReader, flag, flagLive, flags } from './flags/flag.js';
export type { FlagAnswer, FlagErrorCode, FlagKind, FlagMetadata, FlagReason } from './flags/flag-answer.js';
export { type FlagAttributes, type FlagContext, flagContextKey, runWithFlagContext } from './flags/flag-context.js';
export { Flag, type FlagDecorator, type FlagMethod } from './flags/flag-decorator.js';
export type {
  AttributeCondition,
  FlagCondition,
  FlagDefinition,
  FlagDefinitions,
  FlagExperiment,
  FlagRule,
  FlagValue,
} from './flags/flag-definition.js';
export { type FlagOptions, flagDefaults } from './flags/flag-options.js';
export { FlagUnknownError } from './flags/flag-unknown-error.js';
export { type FlagSummary, type Flags, type FlagsState, flagsToken, type Widened } from './flags/flags.js';
export { flagsSchema } from './flags/flags-schema.js';
export { featureFlags } from './flags/live-flags.js';
export type { Difference } from './flags/tally.js';
export { type ConfigOptions, configDefaults, type DirectoryEntry, type FileEntry } from './live/options.js';
export { configMetrics } from './metrics.js';
export { readDurationMs, readSizeBytes } from './resolve/units.js';
export type { UnknownKey } from './schema/unknown-keys.js';
export {
  type ChangeReason,
  type Config,
  type ConfigChange,
  type ConfigOverrides,
  type ConfigPreview,
  type ConfigView,
  configToken,
  type OverrideOptions,
  type Refusal,
  type SourceState,
} from './settings/config.js';
export { Setting, type SettingDecorator, setting } from './settings/setting.js';
export { settings, settingsOf } from './settings/settings.js';
export type { SettingsDefinition } from './settings/settings-definition.js';
export type { ConfigSource, SourceContext, SourceValues } from './source/source.js';
export { argumentsSource } from './sources/arguments.js';
export { defaultsSource } from './sources/defaults.js';
export { type EnvironmentOptions, environmentDefaults, environmentSource } from './sources/environment.js';
export { type DirectorySourceOptions, directorySource, directorySourceDefaults } from './sources/file/directory.js';
export { type DotenvOptions, dotenvDefaults, dotenvSource } from './sources/file/dotenv.js';
export { type FileSourceOptions, fileSource, fileSourceDefaults } from './sources/file/file.js';
export type { FileWatchOptions } from './sources/file/watch-file.js';
export { type MemorySource, memorySource } from './sources/memory.js';
export type { Override } from './sources/overrides.js';
export { type HttpSourceOptions, httpSource, httpSourceDefaults } from './sources/remote/http.js';
export type { HttpDocumentOptions } from './sources/remote/http-document.js';
export { type SpringConfigOptions, springConfigDefaults, springConfigSource } from './sources/remote/spring.js';
export { type KeptCopyOptions, keptCopy, optionalSource } from './sources/when-down.js';
export { formatOrigin, type Origin } from './tree/origin.js';
export { type ConfigPath, formatPath, parsePath } from './tree/path.js';
export type { ConfigTree } from './tree/tree.js';
