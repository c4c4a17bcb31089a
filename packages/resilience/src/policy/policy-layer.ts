import {
  defaultEnv,
  type Env,
  type EventSink,
  eventBus,
  type FwkEvent,
  formatStack,
  type LayerDescription,
  makeEnv,
  OptionsError,
  type Service,
} from '@fwk/kernel';
import type { BreakerHandle, ManualState } from '../breaker/breaker-state.js';
import { sharingEngine } from '../breaker/engine-share.js';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import type { ResilienceEvent } from '../events.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import type { Racing } from '../layer/function-service.js';
import type { ListedHandles } from '../layer/listed-handles.js';
import { sharingBudget } from '../retry/budget-share.js';
import { CountedService } from '../statistics/counted-service.js';
import { countingEnv } from '../statistics/counting-meter.js';
import type { PolicyStatistics, StatisticsSource } from '../statistics/policy-statistics.js';
import { StatisticsRecorder } from '../statistics/recorder.js';
import { type EffectiveSetting, effectiveSettings, mergeOptions, type OptionsLevel } from './merge-options.js';
import type { PolicyBreakers } from './policy-breakers.js';
import { makeLayers, type PlacedLayer } from './policy-layers.js';
import { checkPolicyShape, type PolicyOptions } from './policy-options.js';

/** What layers tell; of policies as a whole their registry tells. */
type LayerEvent = Exclude<ResilienceEvent, `policy.${string}`>;

/** A named stack of layers. */
export interface PolicyLayer extends FunctionLayer, StatisticsSource {
  readonly name: string;
  /** The layers, outermost first. */
  readonly layers: readonly LayerDescription[];
  /** The layers on one line each, outermost first, as people read them. */
  print(): string;
  /** All settings in force, each with where it was set. */
  readonly settings: readonly EffectiveSetting[];
  /** The breakers of the stacks that were built from this policy and are still in use. */
  readonly breakers: readonly BreakerHandle[];
  /** The bulkheads of those stacks: places in use, free, and calls that wait. */
  readonly bulkheads: readonly BulkheadHandle[];
  /** The state in which {@link force} has set its breakers; undefined when nobody has. */
  readonly forced: ManualState | undefined;
  /** Sets all its breakers by hand, those that are made later included, until {@link reset}. @throws UnknownStateError for an unknown state */
  force(state: ManualState): void;
  /** Closes all its breakers and forgets what they measured. */
  reset(): void;
  /**
   * Listens to what happens in its layers, over all its stacks: one event (`retry.scheduled`, `breaker.opened`), a family
   * (`breaker.*`) or all (`*`). The data is that of the application's event; docs/events.md lists them. A listener that
   * throws stops nobody.
   * @returns ends the listening.
   */
  on(pattern: LayerEvent | `${string}.*` | '*', listener: (event: FwkEvent) => void): Disposable;
  /** How its calls fared lately and in all, over all stacks that were built from it. */
  statistics(): PolicyStatistics;
}

/** What a policy is made of; whatever may change is read when somebody asks. */
export interface PolicyLayerParts {
  readonly name: string;
  readonly placed: readonly PlacedLayer[];
  readonly levels: readonly OptionsLevel[];
  readonly breakers: PolicyBreakers;
  readonly bulkheads: Pick<ListedHandles<BulkheadHandle>, 'alive'>;
  readonly racing: Racing;
  /** Puts the layers round a service. @param env - the policy's own, under its name */
  build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res>;
}

/** Makes the face of a policy. */
export function policyLayer(parts: PolicyLayerParts, env: Env | undefined): PolicyLayer {
  const { name, breakers } = parts;
  const listeners = eventBus({ clock: (env ?? defaultEnv).clock });
  /** One for all stacks, on the clock of the first. */
  let recorder: StatisticsRecorder | undefined;
  const describeLayers = () => parts.placed.map(({ layer }) => ({ role: layer.role, settings: layer.describe() }));
  const layer = functionLayer({
    role: 'policy',
    // The outermost layer says for itself what it promises.
    limits: 'varies',
    racing: parts.racing,
    describe: () => ({ name, layers: parts.placed.map(({ layer: { role } }) => role).join(' > ') }),
    build(next, given) {
      const own = policyEnv(name, mergeOptions(parts.levels), given, listeners);
      recorder ??= new StatisticsRecorder(own.clock);
      return new CountedService(
        parts.build(next, sharingEngine(sharingBudget(countingEnv(own, recorder)))),
        own,
        recorder,
      );
    },
    env,
  });
  const recorded = () => recorder ?? new StatisticsRecorder((env ?? defaultEnv).clock);
  return {
    ...layer,
    name,
    print: () => formatStack(describeLayers()),
    get layers() {
      return describeLayers();
    },
    get settings() {
      return effectiveSettings(parts.levels);
    },
    get breakers() {
      // A layer that was configured away is used by nobody, though its breakers may not be gone yet.
      return has(parts.placed, 'circuit-breaker') ? breakers.alive : [];
    },
    get bulkheads() {
      return has(parts.placed, 'bulkhead') ? parts.bulkheads.alive : [];
    },
    get forced() {
      return breakers.forced;
    },
    force: (state) => breakers.force(state),
    reset: () => breakers.reset(),
    on: (pattern, listener) => listeners.on(pattern, listener),
    statistics: () => recorded().snapshot(),
    latencies: () => recorded().latencies(),
  };
}

/** Whether the innermost layer gives up a wrapped function in time. */
export function endsInTime(placed: readonly PlacedLayer[]): boolean {
  const innermost = placed.at(-1)?.layer.role;
  return innermost === 'attempt-timeout' || innermost === 'deadline';
}

function has(placed: readonly PlacedLayer[], wanted: string): boolean {
  return placed.some(({ layer: { role } }) => role === wanted);
}

/** The environment of a policy's layers: under its name, with its classifier; who listens to the policy hears its events. */
function policyEnv(name: string, { classifier }: PolicyOptions, given: Env, listeners: EventSink): Env {
  const path = given.path === '' ? name : `${given.path}/${name}`;
  const events: EventSink = {
    emit(event, data) {
      given.events.emit(event, data);
      listeners.emit(event, data);
    },
  };
  return makeEnv({ ...given, path, events, ...(classifier ? { classifier } : {}) });
}

/**
 * Checks the options of a policy without making it.
 * @param levels - each is checked for its shape; what they come to together is checked whole.
 * @throws OptionsError with all problems at once
 */
export function checkPolicy(name: string, levels: readonly OptionsLevel[]): void {
  const owner = `policy "${name}"`;
  const problems: string[] = [];
  const named = typeof name === 'string' && name !== '';
  if (!named) problems.push('name must be a non-empty string');
  const sound = levels.map(({ from, options }) => ({ from, options: checkPolicyShape(owner, options, problems) }));
  // A name that is none has been told already; layers that bear it need not say so again.
  makeLayers(
    mergeOptions(sound),
    { policy: named ? name : 'policy', listBreakers: () => () => {}, listBulkheads: () => () => {} },
    problems,
  );
  if (problems.length > 0) throw new OptionsError(owner, problems);
}
