import type { ErrorTable } from './error-table.js';
import { FwkError, type FwkErrorOptions } from './fwk-error.js';
import { formatRetryAfter } from './retry-after.js';
import { settable } from './settable.js';

/** Options of {@link RefusalError}. */
export interface RefusalErrorOptions extends FwkErrorOptions {
  /** When the same call may succeed, in milliseconds. @defaultValue `traits.retryAfterMs` */
  readonly retryAfterMs?: number | undefined;
}

/**
 * A call that was refused, or given up by a limit of time: nothing is wrong with the program. Where such an error reaches
 * a web framework, that answers as our own server does, by the status in the table of the code and not 500: Express, Koa and
 * Fastify read `status`, `statusCode`, `expose` and `headers`, Nest `statusCode`, Hono `getResponse()`.
 *
 * They are getters, so that logs do not repeat them. What a framework assigns to them holds for that error.
 */
export class RefusalError extends FwkError {
  readonly #status: number;
  readonly #retryAfterMs: number | undefined;

  /** @param table - has the row of the code. */
  constructor(table: ErrorTable, code: keyof ErrorTable, message: string, options: RefusalErrorOptions = {}) {
    super(code, message, options);
    this.#status = table[code]?.status ?? 500;
    this.#retryAfterMs = options.retryAfterMs ?? options.traits?.retryAfterMs;
  }

  /** The HTTP status to answer: 429, 503 or 504. */
  get status(): number {
    return this.#status;
  }

  /** The same. */
  get statusCode(): number {
    return this.#status;
  }

  /** Whether callers may read the message, by the rule of `http-errors`: below 500. */
  get expose(): boolean {
    return this.#status < 500;
  }

  /** When the same call may succeed, in milliseconds; undefined when nobody knows. */
  get retryAfterMs(): number | undefined {
    return this.#retryAfterMs;
  }

  /** `Retry-After`, in whole seconds, where that is known. */
  get headers(): Readonly<Record<string, string>> {
    return this.#retryAfterMs === undefined ? {} : { 'retry-after': formatRetryAfter(this.#retryAfterMs) };
  }

  /** The answer as a web response: the message where callers may read it, else the code. */
  getResponse(): Response {
    return new Response(this.expose ? this.message : this.code, { status: this.status, headers: this.headers });
  }
}

// Not in the class, which would be renamed when modules are joined into one; see FwkError.
settable(RefusalError.prototype, 'status', 'statusCode', 'expose', 'headers');
