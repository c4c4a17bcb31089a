import type { CallContext } from '@fwk/kernel';
import { AttemptOver } from '../layer/attempt-over.js';

/** A limit, as far as it is told how the calls end that it has let in. */
export interface LimitOwner<Req, Res> {
  answered(value: Res, request: Req, context: CallContext, startMs: number): void;
  failed(error: unknown, request: Req, context: CallContext, startMs: number): void;
}

/** A call that has a place: the limit learns from how it ends, and has the place back when its work is over. */
export class LimitedCall<Req, Res> extends AttemptOver<Res> {
  readonly #owner: LimitOwner<Req, Res>;
  readonly #asked: Req;
  readonly #context: CallContext;
  readonly #startMs: number;

  constructor(owner: LimitOwner<Req, Res>, request: Req, context: CallContext, startMs: number, leave: () => void) {
    super(request, leave);
    this.#owner = owner;
    this.#asked = request;
    this.#context = context;
    this.#startMs = startMs;
  }

  override answered(value: Res): undefined {
    this.#owner.answered(value, this.#asked, this.#context, this.#startMs);
    return super.answered(value);
  }

  override failed(error: unknown): undefined {
    this.#owner.failed(error, this.#asked, this.#context, this.#startMs);
    return super.failed(error);
  }
}
