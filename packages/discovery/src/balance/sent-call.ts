import type { CallContext, Follower } from '@fwk/kernel';
import type { PlacedCall } from './chosen.js';
import type { Node } from './node.js';

/** Is told how each call ends that it has sent, once. */
export interface CallOwner<Req, Res> {
  answered(call: SentCall<Req, Res>, result: Res): void;
  failed(call: SentCall<Req, Res>, error: unknown): void;
  abandoned(call: SentCall<Req, Res>): void;
}

/** Tells the balancer how a call ends that it has sent. */
export class SentCall<Req, Res> implements Follower<Res>, PlacedCall<Res> {
  next: Follower<Res> | undefined = undefined;
  readonly node: Node<Req, Res>;
  readonly startMs: number;
  readonly request: Req;
  readonly context: CallContext;
  readonly #owner: CallOwner<Req, Res>;

  constructor(owner: CallOwner<Req, Res>, node: Node<Req, Res>, startMs: number, request: Req, context: CallContext) {
    this.node = node;
    this.startMs = startMs;
    this.request = request;
    this.context = context;
    this.#owner = owner;
  }

  answered(result: Res): undefined {
    this.#owner.answered(this, result);
  }

  failed(error: unknown): undefined {
    this.#owner.failed(this, error);
  }

  abandoned(): void {
    this.#owner.abandoned(this);
  }
}
