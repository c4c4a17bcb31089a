/** The component that brings policies into an application and shows them under `/manage/policies`. */
import {
  type Component,
  checkOptions,
  envToken,
  type ManagementRequest,
  OptionsError,
  type Provision,
  type Resolver,
  type Rule,
} from '@fwk/kernel';
import type { ManualState } from '../breaker/breaker-state.js';
import type { PolicyOptions } from './policy-options.js';
import { type PolicyRegistry, policyRegistry, policyRegistryToken } from './policy-registry.js';

/** Options of {@link resilience}. */
export interface ResilienceOptions {
  /** Named policies, for `@Policy(name)` and `registry.named(name)`. @defaultValue none */
  readonly policies: Readonly<Record<string, PolicyOptions>>;
}

/** Defaults of {@link resilience}. */
export const resilienceDefaults = Object.freeze({ policies: Object.freeze({}) }) satisfies ResilienceOptions;

const definitions: Rule = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'an object of policies by name';

/**
 * Makes the component. It provides {@link policyRegistryToken} and these resources:
 *
 * - `GET /manage/policies` lists policies with their layers and breaker states.
 * - `GET /manage/policies/:name` shows settings, counts and opening records.
 * - `PUT /manage/policies/:name` with `{"state": "forced-open"}` (or `forced-closed`, `disabled`, `metrics-only`) sets
 *   its breakers by hand; with `{"state": "reset"}` it closes them and forgets what they measured.
 *
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when a named policy is refused
 */
export function resilience(options?: Partial<ResilienceOptions>): Component {
  const settings = checkOptions<ResilienceOptions>('resilience', options, resilienceDefaults, {
    policies: definitions,
  });
  // Refused here, where the application is put together, and not when somebody first asks.
  policyRegistry(undefined, settings.policies);
  let registry: PolicyRegistry | undefined;
  const make = (resolver: Resolver) => {
    registry ??= policyRegistry(resolver.find(envToken), settings.policies);
    return registry;
  };
  return {
    name: 'resilience',
    provide: (provision: Provision) => provision.factory(policyRegistryToken, make),
    start: (context) => void context.get(policyRegistryToken),
    manage: () => [
      { path: 'policies', handle: () => ({ policies: registry?.list() ?? [] }) },
      { path: 'policies/:name', handle: ({ parameter }) => registry?.inspect(parameter ?? '') },
      { path: 'policies/:name', method: 'PUT', handle: (request) => set(registry, request) },
    ],
  };
}

function set(registry: PolicyRegistry | undefined, { parameter = '', body }: ManagementRequest): unknown {
  const state = typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined;
  if (typeof state !== 'string') throw new OptionsError('policies', ['state must be a string, such as "forced-open"']);
  if (state === 'reset') registry?.reset(parameter);
  else registry?.force(parameter, state as ManualState);
  return registry?.inspect(parameter);
}
