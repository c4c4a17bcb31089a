/**
 * A bulkhead for each operation, so that one whose handler hangs takes no place from another. The options are the same for
 * all that set none of their own.
 */
import type { AnyLayer, CallContext, Env, Service, Status } from '@fwk/kernel';
import { type BulkheadHandle, type BulkheadOptions, bulkhead } from '@fwk/resilience';
import type { ServedAnswer } from './answer.js';
import type { ServedRequest } from './served-request.js';

type OperationService = Service<ServedRequest, ServedAnswer>;

/**
 * Makes the layer.
 * @param list - takes each bulkhead that is built.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function operationBulkheads(
  options: Partial<BulkheadOptions>,
  names: readonly string[],
  list: (bulkhead: BulkheadHandle) => void,
): AnyLayer {
  const one = bulkhead({
    ...options,
    onBuilt(built) {
      list(built);
      options.onBuilt?.(built);
    },
  });
  return {
    role: one.role,
    describe: () => ({ ...one.describe(), of: 'each operation' }),
    wrap: (next, env) => new OperationBulkheads(one, names, next as OperationService, env) as Service<never, unknown>,
  };
}

class OperationBulkheads implements OperationService {
  readonly #byName: ReadonlyMap<string, OperationService>;
  readonly #next: OperationService;

  constructor(layer: ReturnType<typeof bulkhead>, names: readonly string[], next: OperationService, env: Env) {
    this.#next = next;
    this.#byName = new Map(
      names.map((name) => [
        name,
        layer.wrap<ServedRequest, ServedAnswer>(next, { ...env, path: `${env.path}/${name}` }),
      ]),
    );
  }

  call(request: ServedRequest, context: CallContext): Promise<ServedAnswer> {
    return (this.#byName.get(request.operation) ?? this.#next).call(request, context);
  }

  status(request?: ServedRequest): Status {
    const own = request && this.#byName.get(request.operation);
    return (own ?? this.#next).status(request);
  }
}
