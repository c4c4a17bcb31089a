import { healthToken, topologyToken, usageToken } from '@fwk/core';
import { appCallerToken, membershipsToken } from '@fwk/discovery';
import { appInfoToken, envToken, policyFlagsToken, type Resolver } from '@fwk/kernel';
import { policyRegistryToken } from '@fwk/resilience';
import { localGroupToken } from '../local/local-group.js';
import type { ClientParts } from './client-options.js';

/** What a client in an application is given beside its options. */
export function appParts(resolver: Resolver): ClientParts {
  return {
    memberships: resolver.find(membershipsToken),
    policies: resolver.get(policyRegistryToken),
    env: resolver.get(envToken),
    health: resolver.find(healthToken),
    group: resolver.find(localGroupToken),
    caller: resolver.find(appInfoToken)?.name,
    self: resolver.find(appCallerToken),
    flags: resolver.find(policyFlagsToken),
    topology: resolver.find(topologyToken),
    usage: resolver.find(usageToken),
  };
}
