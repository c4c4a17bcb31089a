import type { CallContext } from '@fwk/kernel';

/**
 * The request that a wrapped function's stack carries: whom to call on and with what. It also remembers work that was
 * given up but runs on (a plain function cannot be stopped), so that a bulkhead keeps the place taken until it ends.
 */
export class CallFrame {
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** The context in which the wrapped function was called; an equal one needs no switching. */
  readonly context: CallContext;
  /** Work of the current attempt that nobody waits for any more; whoever accounts for it takes it away. */
  abandoned: Promise<unknown> | undefined;

  constructor(self: unknown, args: readonly unknown[], context: CallContext) {
    this.self = self;
    this.args = args;
    this.context = context;
    this.abandoned = undefined;
  }
}

/** Remembers on the request that its work runs on although nobody waits for it. Requests of services need no such memory. */
export function markAbandoned(request: unknown, work: Promise<unknown>): void {
  if (request instanceof CallFrame) request.abandoned = work;
}

/** Takes the abandoned work of the attempt that has just ended, if there is any. */
export function takeAbandoned(request: unknown): Promise<unknown> | undefined {
  if (!(request instanceof CallFrame)) return undefined;
  const work = request.abandoned;
  request.abandoned = undefined;
  return work;
}

/** The same request for an attempt beside the first: what either abandons must not be taken for the other's. */
export function forAnotherAttempt<Req>(request: Req): Req {
  return request instanceof CallFrame ? (new CallFrame(request.self, request.args, request.context) as Req) : request;
}
