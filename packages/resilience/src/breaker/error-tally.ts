/** How many different errors are told apart; the rest count as "other", so that made-up codes cannot fill memory. */
const MAX_KINDS = 10;

const MAX_TEXT = 200;

/** Which errors a breaker has seen since failures began, for its opening record. */
export class ErrorTally {
  #counts: Map<string, number> | undefined;
  firstTraceId: string | undefined;
  last: unknown;

  add(error: unknown, traceId: string | undefined): void {
    this.last = error;
    this.#counts ??= new Map();
    if (this.#counts.size === 0) this.firstTraceId = traceId;
    const kind = kindOf(error);
    const known = this.#counts.has(kind) || this.#counts.size < MAX_KINDS ? kind : 'other';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
  }

  /** The most frequent first. */
  top(limit: number): readonly { readonly error: string; readonly count: number }[] {
    return [...(this.#counts ?? [])]
      .map(([error, count]) => ({ error, count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, limit);
  }

  clear(): void {
    this.#counts?.clear();
    this.firstTraceId = undefined;
    this.last = undefined;
  }
}

/** By what an error is told apart. It may be anything at all, also something that throws when it is read. */
function kindOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  try {
    if ('code' in error && isShort(error.code)) return error.code;
    if (!(error instanceof Error)) return 'object';
    return isShort(error.name) ? error.name : 'Error';
  } catch {
    return 'unreadable';
  }
}

/** Whether a code, name or trace id may stand in a record: it comes from outside, and records are kept and sent. */
export function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}
