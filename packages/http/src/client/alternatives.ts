/** The further providers of a client: a client of its own for each, whose operations bear its name in errors, traces and metrics. */
import { disposeAll, OptionsError } from '@fwk/kernel';
import { clientOperation } from '../calling/operation-request.js';
import type { AnyContract } from '../contract/contract-types.js';
import { askedCodings } from './asked-codings.js';
import type { ClientCore, ClientPurpose } from './client-core.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { clientKind } from './client-policy.js';
import type { Alternative } from './failover-layer.js';

/** Options of a further provider: those of a client, with a name. */
export type AlternativeOptions = Partial<Omit<ClientOptions, 'alternatives' | 'fallback' | 'failover'>> & {
  /** Its name; unless it says another, also that of its policy. */
  readonly service: string;
};

type Make = (purpose: ClientPurpose, options: Partial<ClientOptions> & ClientParts) => ClientCore;

/**
 * Makes them.
 * @param first - name of the first provider.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function makeAlternatives(
  contract: AnyContract,
  first: string,
  given: readonly AlternativeOptions[],
  parts: ClientParts,
  make: Make,
): readonly Alternative[] {
  const owner = `client of "${contract.name}"`;
  const names = given.map((options) => Object(options).service as unknown);
  if (
    names.some((name) => typeof name !== 'string' || name === '') ||
    new Set([first, ...names]).size <= names.length
  ) {
    throw new OptionsError(owner, ['alternatives must each have a service, a name of its own by which it is known']);
  }
  const made: Alternative[] = [];
  try {
    for (const options of given) made.push(alternative(contract, owner, options, parts, make));
    return made;
  } catch (error) {
    disposeAll(made).catch(() => {});
    throw error;
  }
}

function alternative(
  contract: AnyContract,
  of: string,
  options: AlternativeOptions,
  parts: ClientParts,
  make: Make,
): Alternative {
  const { service } = options;
  const plans = contract.plans.map((plan) => Object.freeze({ ...plan, id: `${service}.${plan.name}` }));
  const owner = `${of} at "${service}"`;
  const core = make(
    {
      owner,
      service,
      plans,
      copies: false,
      kind: (name, quota, variesByCaller) => clientKind(name, plans, quota, variesByCaller),
    },
    { ...options, ...parts },
  );
  const sent = { ...core.constant, ...askedCodings(options.compression) };
  return {
    service,
    calls: core.operations.service,
    operations: new Map(plans.map((plan) => [plan.name, clientOperation(plan, parts.caller, sent, contract)])),
    [Symbol.asyncDispose]: () => core.operations[Symbol.asyncDispose](),
  };
}
