import type { CallContext, ContextScope } from '@fwk/kernel';

const none: readonly Promise<unknown>[] = Object.freeze([]);

/**
 * The request that a wrapped function's stack carries: whom to call on and with what. It also remembers the function's
 * own promises until they settle (a plain function cannot be stopped), so that a bulkhead keeps the
 * place of work that was given up but runs on. Only the function's own service adds to them: the promises of layers may settle
 * long before the work does.
 */
export class CallFrame {
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** The context in which the wrapped function was called; an equal one needs no switching. */
  readonly context: CallContext;
  /** The work that began last, until it is known to be over. */
  #running: Promise<unknown> | undefined;
  /** Lends that work its context. */
  #scope: ContextScope | undefined;
  /** What ran when something else began, in the order of beginning; undefined unless there was any. */
  #earlier: (Begun | undefined)[] | undefined;

  constructor(self: unknown, args: readonly unknown[], context: CallContext) {
    this.self = self;
    this.args = args;
    this.context = context;
    this.#running = undefined;
    this.#scope = undefined;
    this.#earlier = undefined;
  }

  /** The function has been called and works. @param scope - ended with the work */
  began(work: Promise<unknown>, scope: ContextScope | undefined): void {
    this.mark();
    this.#running = work;
    this.#scope = scope;
  }

  /** The promise has settled. One that is none of the function's changes nothing. */
  ended(work: Promise<unknown>): void {
    if (this.#running === work) {
      this.#running = undefined;
      this.#scope?.end();
      return;
    }
    const at = this.#earlier?.findIndex((begun) => begun?.work === work) ?? -1;
    if (at < 0) return;
    this.#earlier![at]?.scope?.end();
    this.#earlier![at] = undefined;
  }

  /** Answers what tells work that begins from now on from earlier work. */
  mark(): number {
    if (this.#running !== undefined) {
      this.#earlier ??= [];
      this.#earlier.push({ work: this.#running, scope: this.#scope });
      this.#running = undefined;
    }
    return this.#earlier?.length ?? 0;
  }

  /** Work that has begun since the mark and is not known to be over. */
  runningSince(mark: number): readonly Promise<unknown>[] {
    if (this.#running === undefined && this.#earlier === undefined) return none;
    const earlier = (this.#earlier ?? []).slice(mark).map((begun) => begun?.work);
    return [...earlier, this.#running].filter((work) => work !== undefined);
  }
}

interface Begun {
  readonly work: Promise<unknown>;
  readonly scope: ContextScope | undefined;
}

/** A part of a request that runs beside other parts: its work is the request's as well, but not that of the other parts. */
class PartFrame extends CallFrame {
  readonly #whole: CallFrame;

  constructor(whole: CallFrame) {
    super(whole.self, whole.args, whole.context);
    this.#whole = whole;
  }

  override began(work: Promise<unknown>, scope: ContextScope | undefined): void {
    super.began(work, scope);
    // The scope is ended by this part alone, which is told when the work is over.
    this.#whole.began(work, undefined);
  }

  override ended(work: Promise<unknown>): void {
    super.ended(work);
    this.#whole.ended(work);
  }
}

/** The same request for a call that may run beside others of it. */
export function partOf<Req>(request: Req): Req {
  return request instanceof CallFrame ? (new PartFrame(request) as Req) : request;
}

/** Tells the request that a promise has settled, which may be that of its function. */
export function workEnded(request: unknown, work: Promise<unknown>): void {
  if (request instanceof CallFrame) request.ended(work);
}

/** Makes the work of `other` that is not over the request's as well. */
export function takeOver(request: unknown, other: unknown): void {
  if (!(request instanceof CallFrame && other instanceof CallFrame)) return;
  for (const work of other.runningSince(0)) request.began(work, undefined);
}

/** To be called before an attempt; the answer is for {@link whenOver}. Requests of services remember nothing. */
export function beginAttempt(request: unknown): number {
  return request instanceof CallFrame ? request.mark() : 0;
}

/**
 * Calls `over` when all work of an ended attempt is over: at once, or later if some of it was given up and still runs.
 * @param mark - what {@link beginAttempt} answered before the attempt.
 */
export function whenOver(request: unknown, mark: number, over: () => void): void {
  const works = request instanceof CallFrame ? request.runningSince(mark) : none;
  let left = works.length;
  if (left === 0) {
    over();
    return;
  }
  const ended = () => {
    left--;
    if (left === 0) over();
  };
  for (const work of works) work.then(ended, ended);
}
