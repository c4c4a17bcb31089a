import type { FwkError } from '@fwk/kernel';
import { DuplicateInstanceError, InstanceInvalidError, RegistryDeniedError, RegistryFullError } from '../../errors.js';

/** The typed error that a registry's problem document stands for; undefined when it is none that we know. */
export function refusalOf(problem: unknown): FwkError | undefined {
  if (typeof problem !== 'object' || problem === null || !('code' in problem) || !('details' in problem))
    return undefined;
  const { code, details } = problem;
  if (typeof details !== 'object' || details === null) return undefined;
  const fact = (name: string) => String((details as Readonly<Record<string, unknown>>)[name]).slice(0, 500);
  switch (code) {
    case 'FWK_DISCOVERY_DUPLICATE_INSTANCE':
      return new DuplicateInstanceError(fact('id'), fact('holder'), fact('claimant'));
    case 'FWK_DISCOVERY_INSTANCE_INVALID':
      return new InstanceInvalidError(fact('id'), [fact('problems')]);
    case 'FWK_DISCOVERY_REGISTRY_DENIED':
      return new RegistryDeniedError(fact('registry'));
    case 'FWK_DISCOVERY_REGISTRY_FULL':
      return new RegistryFullError(fact('what'), Number(fact('limit')));
    default:
      return undefined;
  }
}
