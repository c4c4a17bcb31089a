/** The component that brings policies into an application and shows them under `/manage/policies`. */
import {
  anything,
  type Component,
  type ComponentContext,
  type ComponentSteps,
  checkOptions,
  envToken,
  type HealthIndicator,
  type Live,
  type ManagementEndpoint,
  type ManagementRequest,
  namedEnv,
  type Provision,
  type Resolver,
} from '@fwk/kernel';
import { type ManualState, manualStates } from '../breaker/breaker-state.js';
import { UnknownStateError } from '../breaker/unknown-state-error.js';
import { HystrixStream } from '../hystrix/hystrix-stream.js';
import { ChangeInvalidError } from './change-invalid-error.js';
import { unknownNames } from './named-methods.js';
import { currentDefinitions, type PolicySource } from './policy-definitions.js';
import { downstreamIndicator, policiesIndicator } from './policy-indicators.js';
import type { PolicyOptions } from './policy-options.js';
import { type PolicyRegistry, policyRegistry, policyRegistryToken } from './policy-registry.js';
import { UnknownPolicyError } from './unknown-policy-error.js';

/** Options of {@link resilience}. */
export interface ResilienceOptions {
  /**
   * Named policies, for `@Policy(name)` and `registry.named(name)`; or a live value of them, which is followed without a
   * restart; or a function that finds either once the application starts, such as
   * `(resolver) => resolver.get(configToken).get('policies')`. @defaultValue none
   */
  readonly policies: PolicySource | ((resolver: Resolver) => PolicySource);
  /** Options that stand under those of every named policy, given in the same ways. @defaultValue none */
  readonly defaults: PolicyDefaults | ((resolver: Resolver) => PolicyDefaults);
}

type PolicyDefaults = PolicyOptions | Live<unknown>;

/** What breakers may be set to from outside. */
const allowedStates: readonly string[] = Object.freeze([...manualStates, 'reset']);

const changes = 'a change has a state, and may have an endpoint, or it has options';

/** Defaults of {@link resilience}. */
export const resilienceDefaults = Object.freeze({
  policies: Object.freeze({}),
  defaults: Object.freeze({}),
}) satisfies ResilienceOptions;

/**
 * Makes the component. It provides {@link policyRegistryToken} and these resources:
 *
 * - `GET /manage/policies` lists policies with their layers and breaker states, and the last change if it was refused.
 * - `GET /manage/hystrix.stream` streams the numbers of all policies for the Hystrix dashboard.
 * - `GET /manage/policies/:name` shows all settings with where each was set, counts and opening records.
 * - `PUT /manage/policies/:name` with `{"state": "forced-open"}` (or `forced-closed`, `disabled`, `metrics-only`) sets
 *   its breakers by hand, and those that are made later; `{"state": "reset"}` closes them and forgets what they measured.
 *   With an `endpoint`, the id of one that a client calls, only the breakers of that one.
 * - `PUT /manage/policies/:name` with `{"options": {"timeoutMs": 200}}` puts options over all that code and configuration give
 *   for it, in this process and until it ends; they replace those that were put there before, and `{}` takes them away.
 *
 * Health has `policies`, DEGRADED while breakers are open, and `downstream`, what the calls of clients saw of other services.
 *
 * A change takes the token of the management listener; its answer has the policy as it `was`. A name that no policy in use has is
 * answered with 404, a state that does not exist, a member that is unknown and options that are refused with 400, a policy
 * without breakers with 409.
 *
 * A name in `@Policy` on a class that the container built is looked up before the application is announced: one that
 * nobody defined fails the start, wherever this component stands in `use`.
 *
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when a named policy is refused; if it is found later, from the start
 */
export function resilience(options?: Partial<ResilienceOptions>): Component {
  const { policies, defaults } = checkOptions<ResilienceOptions>('resilience', options, resilienceDefaults, {
    policies: anything,
    defaults: anything,
  });
  // What is known now is refused here, where the application is put together, and not when somebody first asks.
  currentDefinitions(typeof policies === 'function' ? {} : policies, typeof defaults === 'function' ? {} : defaults);
  return { name: 'resilience', forApplication: () => new Resilience(policies, defaults) };
}

/** Policies in one application. */
class Resilience implements ComponentSteps {
  readonly #policies: ResilienceOptions['policies'];
  readonly #defaults: ResilienceOptions['defaults'];
  #registry: PolicyRegistry | undefined;
  #hystrix: HystrixStream | undefined;
  /** Those built while the application starts; later ones are told at their first call. */
  #built: Set<object> | undefined = new Set();

  constructor(policies: ResilienceOptions['policies'], defaults: ResilienceOptions['defaults']) {
    this.#policies = policies;
    this.#defaults = defaults;
  }

  provide(provision: Provision): void {
    provision.factory(policyRegistryToken, (resolver) => this.#open(resolver));
  }

  start(context: ComponentContext): void {
    const registry = context.get(policyRegistryToken);
    this.#hystrix = new HystrixStream(() => registry.readings(), context.env.clock);
  }

  built(instance: object): void {
    this.#built?.add(instance);
  }

  verify(context: ComponentContext): void {
    const { names } = context.get(policyRegistryToken);
    const [unknown] = unknownNames(this.#built ?? [], names);
    this.#built = undefined;
    if (unknown) throw new UnknownPolicyError(unknown[0], names, unknown[1]);
  }

  stop(): void {
    this.#registry?.[Symbol.dispose]();
  }

  health(): readonly HealthIndicator[] {
    const registry = () => this.#registry;
    return [policiesIndicator(registry), downstreamIndicator(registry)];
  }

  manage(): readonly ManagementEndpoint[] {
    return [
      {
        path: 'policies',
        purpose: 'All policies with their layers and the states of their breakers.',
        handle: () => ({ policies: this.#registry?.list() ?? [], refusal: this.#registry?.refusal }),
      },
      {
        path: 'policies/:name',
        purpose: 'One policy: its settings with where each was set, counts, breakers and why they opened.',
        example: { parameter: 'payments' },
        handle: ({ parameter }) => this.#registry?.inspect(parameter ?? ''),
      },
      {
        path: 'policies/:name',
        method: 'PUT',
        purpose:
          'Sets the breakers of a policy by hand (`state`), or puts `options` over its own, until the process ends.',
        example: { parameter: 'payments', body: { state: 'forced-open', reason: 'the provider asked for it' } },
        handle: (request) => set(this.#registry, request),
      },
      {
        path: 'hystrix.stream',
        purpose: 'The numbers of all policies twice a second, as the Hystrix dashboard and Turbine read them.',
        streams: true,
        handle: ({ query }) => this.#hystrix?.feed(query.delay),
      },
    ];
  }

  #open(resolver: Resolver): PolicyRegistry {
    const [policies, defaults] = [this.#policies, this.#defaults];
    const env = resolver.find(envToken);
    this.#registry ??= policyRegistry(
      env && namedEnv(env, 'resilience'),
      typeof policies === 'function' ? policies(resolver) : policies,
      typeof defaults === 'function' ? defaults(resolver) : defaults,
    );
    return this.#registry;
  }
}

function set(registry: PolicyRegistry | undefined, { parameter = '', body }: ManagementRequest): unknown {
  // `actor` and `reason` are for the audit line.
  const {
    state,
    endpoint,
    options,
    actor: _actor,
    reason: _reason,
    ...others
  } = Object(body) as Record<string, unknown>;
  const unknown = typeof body === 'object' ? Object.keys(others) : [];
  // If a misspelt `endpoint` were ignored, all endpoints would be changed.
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 5).map((member) => JSON.stringify(member.slice(0, 60)));
    throw new ChangeInvalidError(parameter, [`${shown.join(', ')} is unknown; ${changes}`]);
  }
  if (options !== undefined && (state !== undefined || endpoint !== undefined)) {
    throw new ChangeInvalidError(parameter, [`options stand alone; ${changes}`]);
  }
  if (options === undefined && !allowedStates.includes(state as string)) {
    throw new UnknownStateError(`policy "${parameter}"`, state, allowedStates);
  }
  // For the audit log: the policy before the change.
  const before = registry?.list().find(({ name }) => name === parameter);
  const was =
    before && options !== undefined ? { ...before, overrides: registry?.inspect(parameter).overrides } : before;
  // Ids of endpoints are text: anything else is answered as an endpoint that does not exist.
  const one = endpoint === undefined || typeof endpoint === 'string' ? endpoint : JSON.stringify(endpoint);
  if (options !== undefined) registry?.override(parameter, options);
  else if (state === 'reset') registry?.reset(parameter, one);
  else registry?.force(parameter, state as ManualState, one);
  return { ...registry?.inspect(parameter), was };
}
