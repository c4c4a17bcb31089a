/**
 * What an operator says of an instance. It wins over the instance's own word until it is lifted, also when the instance is
 * registered anew meanwhile; only the id binds it.
 */
import { InstanceInvalidError } from './errors.js';
import {
  checkInstanceId,
  type Instance,
  type InstanceChange,
  type InstanceStatus,
  instanceStatuses,
  parseChange,
} from './instance.js';

/** A status that an operator has set, with why, who and when. */
export interface Override extends InstanceChange {
  readonly status: InstanceStatus;
}

/**
 * Checks data from outside and answers a frozen override.
 * @param id - of the instance that it is for.
 * @throws InstanceInvalidError `FWK_DISCOVERY_INSTANCE_INVALID` with every problem at once.
 */
export function parseOverride(id: string, value: unknown): Override {
  checkInstanceId(id);
  const problems: string[] = [];
  const change = parseChange(value, problems);
  const given = (Object(value) as { readonly status?: unknown }).status;
  const status = instanceStatuses.find((known) => known === given);
  if (status === undefined) problems.push(`status must be one of ${instanceStatuses.join(', ')}`);
  if (status === undefined || problems.length > 0) throw new InstanceInvalidError(id, problems);
  return Object.freeze({ status, ...change });
}

/** The instance as others are to see it. */
export function overridden(instance: Instance, override: Override | undefined): Instance {
  if (!override) return instance;
  const { status, ...lastChange } = override;
  return Object.freeze({ ...instance, status, lastChange: Object.freeze(lastChange) });
}
