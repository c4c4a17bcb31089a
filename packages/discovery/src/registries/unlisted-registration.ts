import type { CallContext } from '@fwk/kernel';
import { type Instance, parseInstance } from '../instance.js';
import type { Registration } from '../registry.js';

/**
 * What a backend that only reads answers to whoever registers: the instance is checked and known to nobody, so that an
 * application runs unchanged on a list that others keep.
 * @throws InstanceInvalidError; the context's reason when it is cancelled.
 */
export function unlistedRegistration(given: Instance, context: CallContext): Registration {
  if (context.cancelled) throw context.reason;
  let instance = parseInstance(given);
  return {
    get instance() {
      return instance;
    },
    async setStatus(status) {
      instance = parseInstance({ ...instance, status });
    },
    async update(metadata) {
      instance = parseInstance({ ...instance, metadata });
    },
    deregister: async () => {},
  };
}
