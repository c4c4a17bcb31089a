/**
 * The breakers of one endpoint: one for each of its operations, so that one which always fails takes no other with it, and
 * one for the host, which judges nothing but whether connections can be made.
 *
 * State: a breaker is made when its operation is first called, that of the host when a connection first fails; all end with
 * the endpoint. Place: inside the balancer, which asks `status` with the request and so goes round an endpoint for the
 * operation that fails there and for no other; outside the attempt timeout, whose expiry is a failure of the operation.
 * Cancellation is that of the breaker layer.
 */
import { isConnectionError } from '@fwk/discovery';
import {
  type AnyLayer,
  type CallContext,
  type Classifier,
  type Env,
  isFwkError,
  type Layer,
  type Service,
  type Status,
  verdicts,
} from '@fwk/kernel';
import { type BreakerHandle, type BreakerOptions, type CircuitBreakerLayer, circuitBreaker } from '@fwk/resilience';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';

type OperationService = Service<OperationRequest, OperationResponse>;

/**
 * Makes the layer.
 * @param service - the callee's name, under which all its breakers stand in the metrics: endpoints come and go.
 * @param options - of all of them; see {@link endpointBreakerDefaults} for what a client has by itself.
 * @param list - takes each breaker that is built.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function endpointBreakers(
  service: string,
  options: Partial<BreakerOptions>,
  list: (breaker: BreakerHandle) => void,
): AnyLayer {
  const metricsName = options.metricsName ?? options.name ?? service;
  const onBuilt = (breaker: BreakerHandle) => {
    list(breaker);
    options.onBuilt?.(breaker);
  };
  const named = (name: string) => circuitBreaker({ ...options, name, metricsName, onBuilt });
  // Made once now, so that options that do not fit are told before the first call.
  const ofAny = circuitBreaker({ ...options, name: service });
  const layer: Layer<OperationRequest, OperationResponse> = {
    role: ofAny.role,
    describe: ofAny.describe,
    wrap(next, env) {
      const host = options.name ?? `${service}/${env.endpoint ?? '*'}`;
      return new EndpointBreakers(next, env, named(host), (operation) => named(`${host}/${operation}`));
    },
  };
  return layer as AnyLayer;
}

class EndpointBreakers implements OperationService, AsyncDisposable {
  readonly #next: OperationService;
  readonly #env: Env;
  readonly #ofHost: CircuitBreakerLayer;
  readonly #ofOperation: (operation: string) => CircuitBreakerLayer;
  readonly #operations = new Map<string, OperationService>();
  readonly #byOperation: OperationService;
  #host: OperationService | undefined;

  constructor(
    next: OperationService,
    env: Env,
    ofHost: CircuitBreakerLayer,
    ofOperation: (operation: string) => CircuitBreakerLayer,
  ) {
    this.#next = next;
    this.#ofHost = ofHost;
    this.#ofOperation = ofOperation;
    this.#env = { ...env, classifier: operationJudge(env.classifier, () => this.#watchHost(env)) };
    this.#byOperation = {
      call: (request, context) => this.#operation(request).call(request, context),
      status: (request) => this.#statusOf(request),
    };
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    return this.#host ? this.#host.call(request, context) : this.#operation(request).call(request, context);
  }

  status(request?: OperationRequest): Status {
    return this.#host ? this.#host.status(request) : this.#statusOf(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of [this.#host, ...this.#operations.values()]) {
      (service as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
    }
  }

  /** Without a request it is busy when no operation that is called here would be taken. */
  #statusOf(request: OperationRequest | undefined): Status {
    if (request) return (this.#operations.get(request.operation.plan.name) ?? this.#next).status(request);
    const status = this.#next.status();
    if (status !== 'ready' || this.#operations.size === 0) return status;
    for (const service of this.#operations.values()) if (service.status() === 'ready') return 'ready';
    return 'busy';
  }

  #operation({ operation }: OperationRequest): OperationService {
    const { name } = operation.plan;
    let service = this.#operations.get(name);
    if (!service) {
      service = this.#ofOperation(name).wrap(this.#next, this.#env);
      this.#operations.set(name, service);
    }
    return service;
  }

  #watchHost(env: Env): void {
    this.#host ??= this.#ofHost.wrap(this.#byOperation, { ...env, classifier: hostJudge(env.classifier) });
  }
}

/** Judges for the breaker of an operation. That no connection could be made is not the operation's doing. */
function operationJudge(outer: Classifier, onUnreachable: () => void): Classifier {
  return {
    ofResult: (result, context, request) => outer.ofResult(result, context, request),
    ofError(error, context, request) {
      if (!isUnreachable(error)) return outer.ofError(error, context, request);
      onUnreachable();
      return verdicts.ignored;
    },
    release: (ending) => outer.release?.(ending),
  };
}

/** Judges for the breaker of the host: whatever was answered, it is there. */
function hostJudge(outer: Classifier): Classifier {
  return {
    ofResult: () => verdicts.success,
    ofError(error, context, request) {
      if (isUnreachable(error)) return verdicts.retryableFailure;
      return outer.ofError(error, context, request).outcome === 'ignored' ? verdicts.ignored : verdicts.success;
    },
    release: (ending) => outer.release?.(ending),
  };
}

function isUnreachable(error: unknown): boolean {
  return isFwkError(error) && error.traits.notProcessed === true && isConnectionError(error);
}
