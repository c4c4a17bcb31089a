import type { CallContext } from '@fwk/kernel';

/**
 * The request that a wrapped function's stack carries: whom to call on and with what. It also remembers work that was
 * given up but runs on (a plain function cannot be stopped), so that whoever counts places keeps its place taken until it
 * ends.
 */
export class CallFrame {
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** The context in which the wrapped function was called; an equal one needs no switching. */
  readonly context: CallContext;
  /** Work of the current attempt that nobody waits for any more. */
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

/** Forgets what an earlier attempt of the same request abandoned. Whoever asks {@link whenOver} calls it before the attempt. */
export function beginAttempt(request: unknown): void {
  if (request instanceof CallFrame) request.abandoned = undefined;
}

/** Calls `over` once the work of an attempt that has ended is over: at once, unless it was given up and runs on. */
export function whenOver(request: unknown, over: () => void): void {
  const work = request instanceof CallFrame ? request.abandoned : undefined;
  if (work) work.then(over, over);
  else over();
}

/** The same request for an attempt beside the first: what either abandons must not be taken for the other's. */
export function forAnotherAttempt<Req>(request: Req): Req {
  return request instanceof CallFrame ? (new CallFrame(request.self, request.args, request.context) as Req) : request;
}
