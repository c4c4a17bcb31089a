/**
 * Several layers under one name, always in the same order, so that nobody needs to know which order is right.
 */
import { type Env, formatStack, type LayerDescription, makeEnv, OptionsError, type Service } from '@fwk/kernel';
import type { BreakerHandle } from '../breaker/breaker-state.js';
import { circuitBreaker } from '../breaker/circuit-breaker.js';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { deadline } from '../deadline/deadline.js';
import { fallback } from '../fallback/fallback.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { retry } from '../retry/retry.js';
import { checkPolicyShape, collect, contradictions, type PolicyOptions } from './policy-options.js';
import { WeakHandles } from './weak-handles.js';

/** A named stack of layers. */
export interface PolicyLayer extends FunctionLayer {
  readonly name: string;
  /** The layers, outermost first. */
  readonly layers: readonly LayerDescription[];
  /** The layers on one line each, outermost first, as people read them. */
  print(): string;
  /** The breakers of the stacks that were built from this policy and are still in use. */
  readonly breakers: readonly BreakerHandle[];
}

/**
 * Makes a policy. Layers stand in the canonical order, whatever the order of the options:
 * deadline, fallback, retry, breaker, bulkhead, attempt timeout.
 * @param name - for metrics, events and messages; stands at the end of the path.
 * @param env - used by `wrap(fn)` where that is given none. @defaultValue the process's own, nothing recorded
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` with the problems of all layers at once, contradictions included
 * @example const quote = policy('quote', { timeoutMs: 800, retry: { maxAttempts: 3 }, breaker: {} }).wrap(fetchQuote);
 */
export function policy(name: string, options: PolicyOptions = {}, env?: Env): PolicyLayer {
  const owner = `policy "${name}"`;
  const problems: string[] = [];
  if (typeof name !== 'string' || name === '') problems.push('name must be a non-empty string');
  const breakers = new WeakHandles<BreakerHandle>();
  collect(problems, '', () => checkPolicyShape(owner, options));
  const parts = problems.length === 0 ? canonical(options, name, breakers, problems) : [];
  if (problems.length > 0) throw new OptionsError(owner, problems);

  const layer = functionLayer({
    role: 'policy',
    limits: options.timeoutMs === undefined && parts.at(-1)?.role !== 'deadline' ? 'as-inner' : 'itself',
    describe: () => ({ name, layers: parts.map(({ role }) => role).join(' > ') }),
    build<Req, Res>(next: Service<Req, Res>, given: Env): Service<Req, Res> {
      const path = given.path === '' ? name : `${given.path}/${name}`;
      const own = makeEnv({ ...given, path, ...(options.classifier ? { classifier: options.classifier } : {}) });
      return parts.reduceRight<Service<Req, Res>>((inner, part) => part.wrap(inner, own), next);
    },
    env,
  });
  const describeAll = () => parts.map((part) => ({ role: part.role, settings: part.describe() }));
  return {
    ...layer,
    name,
    print: () => formatStack(describeAll()),
    get layers() {
      return describeAll();
    },
    get breakers() {
      return breakers.alive;
    },
  };
}

/** The layers, outermost first. Each line says why it stands where it does. */
function canonical(
  options: PolicyOptions,
  name: string,
  breakers: WeakHandles<BreakerHandle>,
  problems: string[],
): readonly FunctionLayer[] {
  const parts: FunctionLayer[] = [];
  const add = (field: string, make: () => FunctionLayer) => collect(problems, field, () => void parts.push(make()));
  const { deadlineMs, timeoutMs, breaker } = options;
  // Bounds everything below, the fallback included: the caller's wait has one end.
  if (deadlineMs !== undefined) add('deadlineMs', () => deadline({ timeoutMs: deadlineMs }));
  // Sees the final error of all that is tried, refusals included. The first of a chain is asked first, so it is innermost.
  const handlers = options.fallback === undefined ? [] : [options.fallback].flat();
  for (const handler of handlers.toReversed()) add('fallback', () => fallback(handler));
  // Each attempt meets what is below anew; a retry inside the breaker would hide failures from it.
  if (options.retry !== undefined) add('retry', () => retry(options.retry));
  // Judges each attempt, and refuses before a place is taken.
  if (breaker !== undefined) {
    const onBuilt = (built: BreakerHandle) => {
      breakers.add(built);
      breaker.onBuilt?.(built);
    };
    add('breaker', () => circuitBreaker({ name, ...breaker, onBuilt }));
  }
  // Waiting for a place is not the attempt's time.
  if (options.bulkhead !== undefined) add('bulkhead', () => bulkhead(options.bulkhead));
  // Innermost: limits the work and nothing else.
  if (timeoutMs !== undefined) add('timeoutMs', () => attemptTimeout({ timeoutMs }));
  problems.push(...contradictions(options));
  return parts;
}
