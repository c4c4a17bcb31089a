import { type CallContext, markSelfLimiting, type Service, type Status } from '@fwk/kernel';
import type { PolicyOperations } from './policy-kind.js';

type AnyService = Service<never, unknown>;

/** Sends calls of some operations through layers of their own, and all others through the usual ones. */
export class ByOperation implements AnyService {
  readonly #usual: AnyService;
  readonly #own: ReadonlyMap<string, AnyService>;
  readonly #operations: PolicyOperations;

  constructor(usual: AnyService, own: ReadonlyMap<string, AnyService>, operations: PolicyOperations) {
    this.#usual = usual;
    this.#own = own;
    this.#operations = operations;
    markSelfLimiting(this, { next: [usual, ...own.values()] });
  }

  call(request: never, context: CallContext): Promise<unknown> {
    return this.#of(request).call(request, context);
  }

  status(request?: never): Status {
    return (request === undefined ? this.#usual : this.#of(request)).status(request);
  }

  #of(request: never): AnyService {
    return this.#own.get(this.#operations.nameOf(request)) ?? this.#usual;
  }
}
