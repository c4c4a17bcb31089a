import { type Env, type FwkEvent, formatStack, type LayerDescription, type Service } from '@fwk/kernel';
import type { BreakerHandle, ManualState } from '../breaker/breaker-state.js';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import type { ResilienceEvent } from '../events.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import type { PolicyStatistics, StatisticsSource } from '../statistics/policy-statistics.js';
import type { EffectiveSetting } from './merge-options.js';
import type { PolicyCore } from './policy-core.js';
import { functionKind } from './policy-kind.js';

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

/**
 * The face of a policy for functions, and for services that are called as they are: both client scopes in one stack.
 * @param env - used by `wrap` where that is given none.
 */
export function policyLayer(core: PolicyCore, env: Env | undefined): PolicyLayer {
  const { name, breakers } = core;
  const { layers } = core.stackOf(functionKind.scopes);
  const describeLayers = () => core.describe(layers);
  const layer = functionLayer({
    role: 'policy',
    // It depends on the layers in force, which may change.
    endsInTime: 'varies',
    racing: {
      get raced() {
        return core.endsInTime;
      },
    },
    describe: () => ({
      name,
      layers: describeLayers()
        .map(({ role }) => role)
        .join(' > '),
    }),
    build: <Req, Res>(next: Service<Req, Res>, given: Env) => core.buildCalls(layers, next, core.env(given)),
    env,
  });
  return {
    ...layer,
    name,
    print: () => formatStack(describeLayers()),
    get layers() {
      return describeLayers();
    },
    get settings() {
      return core.settings;
    },
    get breakers() {
      return core.aliveBreakers;
    },
    get bulkheads() {
      return core.aliveBulkheads;
    },
    get forced() {
      return breakers.forced;
    },
    force: (state) => breakers.force(state),
    reset: () => breakers.reset(),
    on: (pattern, listener) => core.listeners.on(pattern, listener),
    statistics: () => core.statistics(),
    latencies: () => core.latencies(),
  };
}
