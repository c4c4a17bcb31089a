/**
 * What stands behind every face of a policy: its options, the layers that they ask for, the stacks that were built from
 * them, and the numbers. Its options may change while it is in use: every later call meets the new ones, all at once. A call
 * under way keeps the limits that run already, such as its deadline and the time of its attempt; what it begins afterwards,
 * such as its next attempt, meets the new ones. To keep a call to its old options to the end, each call would have to carry
 * the layers with which it began.
 */

import type { LatencyDigest } from '@fwk/kernel';
import {
  type AnyLayer,
  type Env,
  type EventBus,
  type EventSink,
  eventBus,
  type LayerDescription,
  type Live,
  makeEnv,
  type Service,
  type Stack,
} from '@fwk/kernel';
import { breakerHandles } from '../breaker/breaker-part.js';
import type { BreakerHandle, ManualState } from '../breaker/breaker-state.js';
import { sharingEngine } from '../breaker/engine-share.js';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import { bulkheadHandles } from '../bulkhead/bulkhead-part.js';
import type { PolicyKit } from '../layer/policy-part.js';
import { WeakHandles } from '../layer/weak-handles.js';
import type { Scope } from '../order/placed-part.js';
import { sharingBudget } from '../retry/budget-share.js';
import { CallCounts } from '../statistics/call-counts.js';
import { CountedService } from '../statistics/counted-service.js';
import { countingEnv } from '../statistics/counting-meter.js';
import { PolicyRecorders } from '../statistics/policy-recorders.js';
import type { PolicyStatistics, StatisticsSource } from '../statistics/policy-statistics.js';
import type { StatisticsRecorder } from '../statistics/recorder.js';
import { checkPolicy } from './check-policy.js';
import { FieldLive } from './field-live.js';
import { HandleLists } from './handle-lists.js';
import { LiveLevels } from './live-levels.js';
import {
  type EffectiveSetting,
  effectiveSettings,
  mergeOptions,
  type OptionsLevel,
  settingsThatDiffer,
} from './merge-options.js';
import { PolicyBreakers } from './policy-breakers.js';
import type { PolicyKind } from './policy-kind.js';
import { FollowingPlaces, makePlaces, type Places } from './policy-layers.js';
import { levelsOfKind, type PolicyLevels } from './policy-levels.js';
import type { PolicyOptions } from './policy-options.js';
import { describePlaces, placesAsStack, ScopeStack } from './scope-stack.js';

/** Something in use whose layers can be exchanged, whatever goes through it. */
interface Exchangeable {
  exchange(places: Places): void;
}

/** See the head of this file. */
export class PolicyCore implements StatisticsSource {
  readonly name: string;
  readonly kind: PolicyKind;
  readonly breakers: PolicyBreakers;
  readonly listeners: EventBus;
  readonly #handles = new HandleLists();
  readonly #stacks = new WeakHandles<Exchangeable>();
  readonly #following: FollowingPlaces | undefined;
  readonly #recorders: PolicyRecorders;
  readonly #live: LiveLevels;
  #levels: PolicyLevels;
  #places: Places;
  #endsInTime: boolean;
  /** Merged once and not for each call; forgotten when the levels change. */
  readonly #merged = new Map<string | undefined, PolicyOptions>();
  /** Those options of its kind that somebody follows. */
  readonly #followed = new Map<string, FieldLive>();

  /**
   * @param given - checked options, the weakest level first; see `checkPolicy`.
   * @param follows - whether {@link follow} will be called.
   */
  constructor(name: string, kind: PolicyKind, given: readonly OptionsLevel[], clock: Env['clock'], follows: boolean) {
    this.name = name;
    this.kind = kind;
    this.#recorders = new PolicyRecorders(clock);
    this.breakers = new PolicyBreakers(name, this.#handles.of(breakerHandles));
    this.listeners = eventBus({ clock });
    this.#live = new LiveLevels((levels) => checkPolicy(name, kind, levels));
    this.#levels = levelsOfKind(kind, this.#live.take(given));
    const kitOf = (operation: string | undefined): PolicyKit => ({
      policy: name,
      list: (handles) => this.#handles.of(handles).list(operation ?? ''),
    });
    this.#following = follows ? new FollowingPlaces(kind, kitOf) : undefined;
    this.#places = this.#following?.follow(this.#levels) ?? makePlaces(kind, this.#levels, kitOf);
    this.#endsInTime = endsInTime(this.#places);
  }

  /** The options in force, of one operation or where none has its own. */
  options(operation?: string): PolicyOptions {
    const known = this.#merged.get(operation);
    if (known) return known;
    const own = operation === undefined ? undefined : this.#levels.byOperation.get(operation);
    const merged = mergeOptions(own ?? this.#levels.whole);
    this.#merged.set(operation, merged);
    return merged;
  }

  /** What an option of its kind comes to, now and after each change. */
  live(field: string): Live<unknown> {
    const known = this.#followed.get(field) ?? new FieldLive(`${this.name}: ${field}`, this.#option(field));
    this.#followed.set(field, known);
    return known.live;
  }

  /** The layers that stand in its own scopes now, outermost first. */
  get layers(): readonly LayerDescription[] {
    return this.describe(this.stackOf(this.kind.scopes).layers);
  }

  /** All settings in force, each with where it was set. */
  get settings(): readonly EffectiveSetting[] {
    return effectiveSettings(this.#levels.whole);
  }

  /** Those that differ for some operations. */
  get settingsOfOperations(): Readonly<Record<string, readonly EffectiveSetting[]>> {
    return settingsThatDiffer(this.#levels.whole, this.#levels.byOperation);
  }

  /** Checks options before it takes them on. @throws OptionsError */
  check(given: readonly OptionsLevel[]): void {
    checkPolicy(this.name, this.kind, this.#live.inForce(given));
  }

  /** Takes on options that have been checked before. */
  follow(given: readonly OptionsLevel[]): void {
    const before = this.#places;
    this.#levels = levelsOfKind(this.kind, this.#live.take(given));
    this.#merged.clear();
    const after = this.#following?.follow(this.#levels);
    for (const [field, live] of this.#followed) live.follow(this.#option(field));
    if (!after) return;
    this.#places = after;
    this.#endsInTime = endsInTime(after);
    const same = after.size === before.size && [...after].every(([part, place]) => before.get(part) === place);
    if (same) return;
    for (const stack of this.#stacks.alive) stack.exchange(after);
  }

  /** The places of some scopes, as a stack to which others add their layers. */
  stackOf<Req, Res>(scopes: readonly Scope[]): Stack<Req, Res> {
    return placesAsStack(scopes);
  }

  /** The layers that stand in such a stack now, outermost first. */
  describe(layers: readonly AnyLayer[]): readonly LayerDescription[] {
    return describePlaces(layers, this.#places);
  }

  /** The environment of its layers: under its name, with its classifier; who listens to the policy hears its events. */
  env(given: Env): Env {
    const { classifier } = mergeOptions(this.#levels.whole);
    const label = this.kind.label ?? this.name;
    const path = given.path === '' ? label : `${given.path}/${label}`;
    const { listeners } = this;
    const events: EventSink = {
      emit(event, data) {
        given.events.emit(event, data);
        listeners.emit(event, data);
      },
    };
    return makeEnv({ ...given, path, events, ...(classifier ? { classifier } : {}) });
  }

  /**
   * Builds the layers of such a stack round a service, for whole calls.
   * @param env - the policy's own; see {@link env}.
   */
  buildCalls<Req, Res>(layers: readonly AnyLayer[], next: Service<Req, Res>, env: Env): CountedService<Req, Res> {
    const own = sharingEngine(sharingBudget(countingEnv(env, this.#recorders.whole(env.clock))));
    return new CountedService(this.#build(layers, next, own), env, this.#recorderOf());
  }

  /** The same in front of one endpoint. Dispose it when the endpoint has left. */
  buildEndpoint<Req, Res>(
    endpoint: string,
    layers: readonly AnyLayer[],
    next: Service<Req, Res>,
    env: Env,
  ): CountedService<Req, Res> {
    const { recorder, ended } = this.#recorders.atEndpoint(endpoint);
    const own = sharingEngine({ ...countingEnv(env, recorder), endpoint });
    return new CountedService(this.#build(layers, next, own), env, () => recorder, ended);
  }

  /** The same before a server, which counts its calls itself: see {@link counts}. */
  buildServer<Req, Res>(layers: readonly AnyLayer[], next: Service<Req, Res>, env: Env): ScopeStack<Req, Res> {
    return this.#build(layers, next, sharingEngine(sharingBudget(countingEnv(env, this.#recorders.whole(env.clock)))));
  }

  /** Counts the calls of one operation. */
  counts(operation: string, env: Env): CallCounts {
    this.#recorders.whole(env.clock);
    return new CallCounts(env, this.#recorders.ofOperation(operation));
  }

  /** Whether the innermost layer gives up a wrapped function in time. */
  get endsInTime(): boolean {
    return this.#endsInTime;
  }

  get aliveBreakers(): readonly BreakerHandle[] {
    // The breakers of a layer that was taken out may still be in memory, but no call uses them.
    return this.#has('circuit-breaker') ? this.breakers.alive : [];
  }

  get aliveBulkheads(): readonly BulkheadHandle[] {
    return this.#has('bulkhead') ? this.#handles.of(bulkheadHandles).alive : [];
  }

  /** Ids of the endpoints before which it stands now. */
  get endpoints(): readonly string[] {
    return this.#recorders.endpoints;
  }

  /** The state in which all its breakers were set by hand. */
  get forced(): ManualState | undefined {
    return this.breakers.forced;
  }

  force(state: ManualState, endpoint?: string): void {
    this.breakers.force(state, endpoint);
  }

  reset(endpoint?: string): void {
    this.breakers.reset(endpoint);
  }

  /** Of all calls. */
  statistics(): PolicyStatistics {
    return this.#recorders.statistics();
  }

  latencies(): LatencyDigest {
    return this.#recorders.latencies();
  }

  /** Of the calls of each operation. */
  statisticsOfOperations(): Readonly<Record<string, PolicyStatistics>> {
    return this.#recorders.operations();
  }

  /** The attempts at each endpoint, to be added to others. */
  attemptSources(): readonly StatisticsSource[] {
    return this.#recorders.attemptSources();
  }

  /** Of the attempts at each endpoint. */
  statisticsOfEndpoints(): Readonly<Record<string, PolicyStatistics>> {
    return this.#recorders.attempts();
  }

  /** Lets go of the live values that were given in its options. */
  release(): void {
    for (const live of this.#followed.values()) live[Symbol.dispose]();
  }

  #build<Req, Res>(layers: readonly AnyLayer[], next: Service<Req, Res>, env: Env): ScopeStack<Req, Res> {
    const built = new ScopeStack(layers, this.kind, next, env, this.#places, this.#following !== undefined);
    this.#stacks.add(built);
    return built;
  }

  #recorderOf(): (request: unknown) => StatisticsRecorder {
    const { operations } = this.kind;
    const recorder = this.#recorders.whole();
    if (!operations) return () => recorder;
    return (request) => this.#recorders.ofOperation(operations.nameOf(request));
  }

  #option(field: string): unknown {
    return Reflect.get(this.options(), field);
  }

  #has(role: string): boolean {
    return [...this.#places.keys()].some((part) => part.role === role);
  }
}

function endsInTime(places: Places): boolean {
  const role = [...places.keys()].at(-1)?.role;
  return role === 'attempt-timeout' || role === 'deadline';
}
