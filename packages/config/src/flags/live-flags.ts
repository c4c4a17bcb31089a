/**
 * The flags of a configuration, followed. Definitions are a section of the configuration: they are checked with every edit of the
 * whole, and a bad edit leaves the last good ones. What is asked is answered from flags that were made ready when definitions
 * changed; asking takes no lock, no promise and no memory beyond the answer.
 */
import {
  type CallContext,
  currentContext,
  defaultEnv,
  type Env,
  type Live,
  liveValue,
  nearestName,
  type PolicyFlag,
} from '@fwk/kernel';
import type { Config, Refusal } from '../settings/config.js';
import { formatPath } from '../tree/path.js';
import { list } from './check-flag.js';
import { type CompiledFlag, compileFlags, type FlagSet } from './compiled-flag.js';
import { type ExperimentReport, Experiments } from './experiments.js';
import { explainFlag, type FlagExplanation } from './explain-flag.js';
import { Exposures } from './exposures.js';
import {
  answerOf,
  type FlagAnswer,
  type FlagErrorCode,
  type FlagMetadata,
  kindOfFlag,
  type Outcome,
} from './flag-answer.js';
import { type FlagContext, flagContextKey, noFlagContext } from './flag-context.js';
import type { FlagDefinitions } from './flag-definition.js';
import { checkFlagOptions, type FlagOptions } from './flag-options.js';
import { tellInSpan } from './flag-span.js';
import { FlagUnknownError } from './flag-unknown-error.js';
import type { FlagSummary, Flags, FlagsState, Widened } from './flags.js';
import { FlagsOfPolicies } from './flags-of-policies.js';
import { flagsPath, flagsSection } from './flags-schema.js';

/** Most names that an event lists. */
const maxListed = 100;

/** {@link Flags} before and while a configuration is followed. */
export class LiveFlags implements Flags, Disposable {
  readonly #sets = liveValue<FlagSet>(new Map(), { name: 'flags' });
  readonly #exposures: Exposures | undefined;
  readonly #changes = liveValue<readonly string[]>([], { name: 'changed flags' });
  readonly #experiments = new Experiments();
  readonly #policies = new FlagsOfPolicies(this.#sets, {
    evaluate: (call, name, context) => this.#evaluateIn(call, name, undefined, context),
    count: (name, variant, outcome, tookMs) => this.#experiments.count(name, variant, outcome, tookMs),
  });
  readonly #mismatchesTold = new Set<string>();
  readonly #expiredTold = new Map<string, string | undefined>();
  readonly #state = liveValue<FlagsState>(notReady, { name: 'state of the flags' });
  #config: Config | undefined;
  #env: Env = defaultEnv;
  #subscriptions: readonly Disposable[] = [];

  /** @throws OptionsError. */
  constructor(options?: Partial<FlagOptions>) {
    const { exposureWindowMs, maxExposures } = checkFlagOptions(options);
    if (maxExposures > 0) this.#exposures = new Exposures(exposureWindowMs, maxExposures);
  }

  /** Whether definitions are loaded. */
  get ready(): boolean {
    return this.#config !== undefined;
  }

  get state(): Live<FlagsState> {
    return this.#state;
  }

  get version(): number {
    return this.ready ? this.#sets.version - 1 : 0;
  }

  /**
   * Takes the definitions from a configuration that is loaded, and follows them.
   * @throws ConfigInvalidError that names each problem with its path.
   */
  follow(config: Config, env: Env): void {
    const section = config.section(flagsSection);
    this.#config = config;
    this.#env = env;
    this.#exposures?.tellTo(env);
    this.#replace(section.value, {});
    this.#subscriptions = [
      section.subscribe((definitions, before) => this.#replace(definitions, before)),
      config.refusal.subscribe((refusal) => this.#state.set(stateAfter(refusal))),
    ];
    this.#state.set(stateAfter(config.lastRefusal));
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#subscriptions = [];
    this.#exposures?.[Symbol.dispose]();
  }

  value<T>(name: string, fallback: T, context?: FlagContext): Widened<T> {
    return this.evaluate(name, fallback, context).value as Widened<T>;
  }

  evaluate<T>(name: string, fallback: T, context?: FlagContext): FlagAnswer<T> {
    // Looking for the call costs as much as a rule: it is left where nobody needs it.
    if (context && this.#env.tracer === undefined) return this.#answer(name, fallback, context, undefined);
    const call = currentContext();
    return this.#evaluateIn(call, name, fallback, context ?? call.get(flagContextKey));
  }

  /** @param call - in whose span the answer is told. */
  #evaluateIn<T>(call: CallContext, name: string, fallback: T, context: FlagContext): FlagAnswer<T> {
    const answer = this.#answer(name, fallback, context, call);
    if (this.#env.tracer !== undefined) tellInSpan(call, name, answer, context.key);
    return answer;
  }

  #answer<T>(name: string, fallback: T, context: FlagContext, call: CallContext | undefined): FlagAnswer<T> {
    const flag = this.#sets.value.get(name);
    if (flag === undefined) return this.#missing(fallback);
    if (fallback !== undefined && fallback !== null && kindOfFlag(fallback) !== flag.kind) {
      return this.#mismatch(flag, fallback);
    }
    const outcome = resolved(flag, context);
    if (!outcome) return failed(fallback, 'GENERAL', 'an attribute threw when it was read', flag.metadata);
    if (outcome.told) this.#exposures?.tell(name, outcome, context.key, call);
    if (outcome.answer) return outcome.answer as FlagAnswer<T>;
    return answerOf(fallback, outcome.reason, flag.metadata);
  }

  live<T>(name: string, fallback: T, context: FlagContext = noFlagContext): Live<T> {
    return this.#sets.map(() => this.evaluate(name, fallback, context).value);
  }

  ofPolicy(policy: string): Live<PolicyFlag | undefined> {
    return this.#policies.ofPolicy(policy);
  }

  run<T, R>(name: string, fallback: T, body: (value: T) => R, context?: FlagContext): R {
    const { value, variant } = this.evaluate(name, fallback, context);
    return this.#experiments.measured(name, variant, this.#env, () => body(value));
  }

  record(metric: string, value: number, context: FlagContext = currentContext().get(flagContextKey)): void {
    this.#experiments.record(metric, value, (name) => {
      const flag = this.#sets.value.get(name);
      return flag && resolved(flag, context)?.variant;
    });
  }

  experiments(): readonly ExperimentReport[] {
    return this.#experiments.report(this.#sets.value);
  }

  explain(name: string, context: FlagContext = currentContext().get(flagContextKey)): FlagExplanation {
    const flag = this.#sets.value.get(name);
    if (flag) return explainFlag(flag, context, this.#config?.explain(formatPath([flagsPath, name])).winner?.where);
    const known = [...this.#sets.value.keys()];
    const meant = nearestName(name, known);
    const hint =
      known.length === 0 ? 'none is defined' : meant ? `perhaps "${meant}" is meant` : `known: ${list(known)}`;
    throw new FlagUnknownError(name, hint);
  }

  list(): readonly FlagSummary[] {
    return [...this.#sets.value.values()].map((flag) => this.#summary(flag));
  }

  onChange(listener: (changed: readonly string[]) => void): Disposable {
    return this.#changes.subscribe(listener);
  }

  /** Names of flags whose time is over. Each is told once, as `flag.expired`. */
  expired(): readonly string[] {
    const nowMs = this.#env.clock.wallTime();
    const expired = [...this.#sets.value.values()].filter(({ expiresMs }) => expiresMs <= nowMs);
    for (const { name, definition } of expired) {
      const { expires, owner } = definition;
      if (this.#expiredTold.get(name) === expires) continue;
      this.#expiredTold.set(name, expires);
      this.#env.events.emit('flag.expired', { flag: name, expires, owner });
      this.#env.logger.warn({ flag: name, expires, owner }, `the flag "${name}" has expired; it still answers`);
    }
    return expired.map(({ name }) => name);
  }

  #replace(definitions: FlagDefinitions, before: FlagDefinitions): void {
    const set = compileFlags(definitions, this.#exposures);
    this.#experiments.follow(set, this.#env.clock.wallTime());
    this.#mismatchesTold.clear();
    for (const name of this.#expiredTold.keys()) if (!set.has(name)) this.#expiredTold.delete(name);
    this.#sets.set(set);
    this.expired();
    const changed = changedFlags(definitions, before);
    if (changed.length === 0) return;
    this.#env.events.emit('flags.changed', { version: this.version, flags: changed.slice(0, maxListed) });
    this.#changes.set(changed);
  }

  #missing<T>(fallback: T): FlagAnswer<T> {
    if (this.ready) return failed(fallback, 'FLAG_NOT_FOUND', 'no flag of this name is defined');
    return failed(fallback, 'PROVIDER_NOT_READY', 'the configuration that has the flags is not loaded yet');
  }

  /** Said once for a flag and a kind, until definitions change. */
  #mismatch<T>({ name, kind, metadata }: CompiledFlag, fallback: T): FlagAnswer<T> {
    const asked = kindOfFlag(fallback) ?? typeof fallback;
    const message = `its kind is ${kind}, and ${asked} is asked for`;
    if (!this.#mismatchesTold.has(`${name} ${asked}`)) {
      this.#mismatchesTold.add(`${name} ${asked}`);
      this.#env.logger.warn(
        { flag: name, kind, asked },
        `the flag "${name}" answers the default of the code: ${message}`,
      );
    }
    return failed(fallback, 'TYPE_MISMATCH', message, metadata);
  }

  #summary({ name, definition, kind, enabled, variants, rules, expiresMs }: CompiledFlag): FlagSummary {
    const { default: usual, off, requires, expires, description, owner, policy } = definition;
    return {
      name,
      kind,
      enabled,
      variants: Object.keys(variants),
      default: usual,
      off,
      requires: Object.keys(requires ?? {}),
      rules: rules.map((rule) => rule.name),
      expires,
      expired: expiresMs <= this.#env.clock.wallTime(),
      description,
      owner,
      policy,
      refused: this.#policies.refusalOf(name),
    };
  }
}

const notReady: FlagsState = Object.freeze({ status: 'not-ready' });

const ready: FlagsState = Object.freeze({ status: 'ready' });

function stateAfter(refusal: Refusal | undefined): FlagsState {
  return refusal ? { status: 'stale', reason: refusal.reason } : ready;
}

const noAttributes = Object.freeze({});

const noMetadata: FlagMetadata = Object.freeze({});

/** How the flag ends; undefined where the context cannot be read: attributes are of the caller's making, and may throw. */
function resolved(flag: CompiledFlag, context: FlagContext): Outcome | undefined {
  try {
    return flag.resolve(context.key, context.attributes ?? noAttributes);
  } catch {
    return undefined;
  }
}

function failed<T>(fallback: T, code: FlagErrorCode, message: string, metadata = noMetadata): FlagAnswer<T> {
  return answerOf(fallback, 'ERROR', metadata, code, message);
}

/** Names whose definitions differ. What an edit leaves alone keeps its identity. */
function changedFlags(after: FlagDefinitions, before: FlagDefinitions): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const of = (definitions: FlagDefinitions, name: string) =>
    Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  return [...names].filter((name) => of(before, name) !== of(after, name));
}

/**
 * Follows the flags of a configuration that was loaded without an application. Dispose it to end that.
 * @param env - clock, events and logger. @defaultValue the default environment
 * @throws OptionsError; ConfigInvalidError that names each problem with its path.
 * @example using flags = featureFlags(await loadConfig({ files: ['config.yaml'] }));
 */
export function featureFlags(
  config: Config,
  options?: Partial<FlagOptions>,
  env: Env = defaultEnv,
): Flags & Disposable {
  const flags = new LiveFlags(options);
  flags.follow(config, env);
  return flags;
}
