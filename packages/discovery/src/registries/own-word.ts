import type { Clock } from '@fwk/kernel';
import { changeInstance, type Instance, itself } from '../instance.js';
import type { Registration } from '../registry.js';

/**
 * What an instance can say of itself once it is registered.
 * @param change - brings the instance to what the given function makes of it, or does nothing once it is gone.
 */
export function ownWord(
  clock: Clock,
  change: (make: (instance: Instance) => Instance) => Promise<void>,
): Pick<Registration, 'setStatus' | 'update'> {
  const say = (facts: Partial<Pick<Instance, 'status' | 'metadata'>>, cause: string) =>
    change((instance) => changeInstance(instance, facts, { cause, actor: itself, atMs: clock.wallTime() }));
  return {
    setStatus: (status, cause = 'it said so') => say({ status }, cause),
    update: (metadata, cause = 'its metadata changed') => say({ metadata }, cause),
  };
}
