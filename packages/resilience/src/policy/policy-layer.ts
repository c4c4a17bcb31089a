import { type Env, type FwkEvent, formatStack, type LayerDescription, OptionsError, type Service } from '@fwk/kernel';
import type { BreakerHandle, ManualState } from '../breaker/breaker-state.js';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import type { ResilienceEvent } from '../events.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import type { PolicyStatistics, StatisticsSource } from '../statistics/policy-statistics.js';
import { contradictions } from './contradictions.js';
import { type EffectiveSetting, mergeOptions, type OptionsLevel } from './merge-options.js';
import { isPlain } from './plain.js';
import type { PolicyCore } from './policy-core.js';
import { functionKind, type PolicyKind } from './policy-kind.js';
import { makePlaces } from './policy-layers.js';
import { fieldsOf, levelsOfKind, misplacedFields } from './policy-levels.js';
import { checkPolicyShape } from './policy-options.js';

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
    // The outermost layer says for itself what it promises.
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

/**
 * Checks the options of a policy without making it.
 * @param kind - what it stands before.
 * @param levels - each is checked for its shape; what they come to together is checked whole.
 * @throws OptionsError with all problems at once
 */
export function checkPolicy(name: string, kind: PolicyKind, levels: readonly OptionsLevel[]): void {
  const owner = `policy "${name}"`;
  const problems: string[] = [];
  const named = typeof name === 'string' && name !== '';
  if (!named) problems.push('name must be a non-empty string');
  const sound = levels.map(({ from, options }) => ({ from, options: checkPolicyShape(owner, options, problems) }));
  for (const { from, options } of sound) if (from !== 'defaults') problems.push(...misplaced(kind, options));
  const inForce = levelsOfKind(kind, sound);
  // A name that is none has been told already; layers that bear it need not say so again.
  const kit = { policy: named ? name : 'policy', listBreakers: () => () => {}, listBulkheads: () => () => {} };
  makePlaces(kind, inForce, () => kit, problems);
  const whole = contradictionsOf(kind, inForce.whole);
  problems.push(...whole);
  for (const [operation, levels] of inForce.byOperation) {
    const own = contradictionsOf(kind, levels).filter((problem) => !whole.includes(problem));
    problems.push(...own.map((problem) => `operations.${operation}: ${problem}`));
  }
  if (problems.length > 0) throw new OptionsError(owner, [...new Set(problems)]);
}

/** Limits that are in force by themselves contradict nothing that people say. */
function contradictionsOf(kind: PolicyKind, levels: readonly OptionsLevel[]): readonly string[] {
  const said = levels.map(({ from, options }) => {
    if (from !== 'built-in' && from !== 'contract') return { from, options };
    const { deadlineMs: _, timeoutMs: __, ...others } = options;
    return { from, options: others };
  });
  const merged = mergeOptions(said);
  const own = kind.contradictions?.(merged) ?? [];
  if (!kind.knowsIdempotence || !isPlain(merged.hedge)) return [...contradictions(merged), ...own];
  return [...contradictions({ ...merged, hedge: { ...merged.hedge, idempotent: true } }), ...own];
}

function misplaced(kind: PolicyKind, options: OptionsLevel['options']): readonly string[] {
  const means = `means nothing before a ${kind.name}, which takes ${fieldsOf(kind).join(', ')}`;
  const problems = misplacedFields(kind, options).map((field) => `${field} ${means}`);
  for (const [operation, own] of Object.entries(options.operations ?? {})) {
    const { operations } = kind;
    if (!operations) break;
    if (!operations.names.includes(operation)) {
      if (operations.passesOver) continue;
      problems.push(`operations.${operation} is no operation; there are ${operations.names.join(', ')}`);
    }
    problems.push(...misplacedFields(kind, own).map((field) => `operations.${operation}.${field} ${means}`));
  }
  return problems;
}
