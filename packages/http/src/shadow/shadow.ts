/**
 * Shadow traffic: copies a share of calls to another version that nobody depends on yet, and compares the answers. The caller
 * gets its own answer as if there were no copy: nothing waits for copies, and no measurement of the client counts them.
 *
 * State: the copies under way, and the balancer and connections that they go by; made when the options ask for copies, ended when they
 * no longer do. Place: right outside the balancer, inside retry and hedging, so that a call is copied once, with the headers that it
 * is sent with. Cancelling the caller does not cancel a copy, which has a limit of its own.
 */
import type { CallContext, Env, Layer, Live, Service, Status } from '@fwk/kernel';
import { callSafely, markSelfLimiting } from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { Copies, type CopyParts } from './copies.js';
import { checkShadow, type ShadowOptions } from './shadow-options.js';
import { ShadowRecord } from './shadow-record.js';

/** Makes the layer. @param options - false, or options of which some may be left out */
export function shadow(
  options: Live<Partial<ShadowOptions> | false | undefined>,
  parts: CopyParts,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'shadow',
    describe: () => describe(options.value),
    wrap: (next, env) => new ShadowService(next, env, options, parts),
  };
}

function describe(options: Partial<ShadowOptions> | false | undefined): Readonly<Record<string, unknown>> {
  const { share, version, tags } = checkShadow(options || undefined);
  return { share, ...(version !== undefined && { version }), ...(tags && { tags }) };
}

class ShadowService implements Service<OperationRequest, OperationResponse>, AsyncDisposable {
  readonly #next: Service<OperationRequest, OperationResponse>;
  readonly #env: Env;
  readonly #parts: CopyParts;
  readonly #record: ShadowRecord;
  readonly #followed: Disposable;
  readonly #leaving = new Set<Promise<void>>();
  /** Undefined while nothing is copied. */
  #copies: Copies | undefined;

  constructor(
    next: Service<OperationRequest, OperationResponse>,
    env: Env,
    options: Live<Partial<ShadowOptions> | false | undefined>,
    parts: CopyParts,
  ) {
    this.#next = next;
    this.#env = env;
    this.#parts = parts;
    this.#record = new ShadowRecord(env, parts.service);
    markSelfLimiting(this, { next });
    this.#followed = options.subscribe((changed) => this.#copyBy(changed));
    this.#copyBy(options.value);
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    const answer = callSafely(this.#next, request, context);
    const copies = this.#copies;
    return copies?.takes(request, context) ? copies.copy(request, answer) : answer;
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#followed[Symbol.dispose]();
    this.#copyBy(false);
    await Promise.all(this.#leaving);
  }

  #copyBy(options: Partial<ShadowOptions> | false | undefined): void {
    const before = this.#copies;
    const checked = checkShadow(options || undefined);
    this.#copies = checked.share > 0 ? new Copies(this.#env, checked, this.#parts, this.#record) : undefined;
    if (!before) return;
    const left = before[Symbol.asyncDispose]().finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}
