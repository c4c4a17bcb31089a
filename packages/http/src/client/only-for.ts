/**
 * A layer for some of the requests; all others go round it. State: that of the layer. Place and cancellation are those of the
 * layer.
 */
import { type AnyLayer, type CallContext, type Disposing, disposeAll, isDisposing, type Service } from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';

type OperationService = Service<OperationRequest, OperationResponse>;

/** Makes the layer. */
export function onlyFor(layer: AnyLayer, takes: (request: OperationRequest) => boolean): AnyLayer {
  return {
    role: layer.role,
    describe: () => layer.describe?.() ?? {},
    wrap: (next, env) => {
      const inside = layer.wrap(next, env);
      return new OnlyFor(inside as OperationService, next as OperationService, takes) as Service<never, unknown>;
    },
  };
}

class OnlyFor implements OperationService, AsyncDisposable {
  readonly #inside: OperationService & Disposing;
  readonly #next: OperationService;
  readonly #takes: (request: OperationRequest) => boolean;

  constructor(inside: OperationService, next: OperationService, takes: (request: OperationRequest) => boolean) {
    this.#inside = inside;
    this.#next = next;
    this.#takes = takes;
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    return (this.#takes(request) ? this.#inside : this.#next).call(request, context);
  }

  status(request?: OperationRequest) {
    return (request && this.#takes(request) ? this.#inside : this.#next).status(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isDisposing(this.#inside)) await disposeAll([this.#inside]);
  }
}
