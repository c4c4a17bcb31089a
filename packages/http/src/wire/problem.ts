/**
 * Errors on the wire: RFC 9457 problem documents. A handler that wants to answer one throws `problem(...)`; a client gets
 * it back in its RemoteError.
 */
import { boundedRetryAfterMs, FwkError, OptionsError, type ProblemDocument } from '@fwk/kernel';
import { traitsOfStatus } from '../contract/status-traits.js';

/** A problem document of a service, with the members that servers of this framework add. */
export interface Problem extends ProblemDocument {
  readonly traceId?: string;
  /** When to try again, in milliseconds; finer than `Retry-After`. */
  readonly retryAfterMs?: number;
  readonly issues?: readonly WireIssue[];
}

/** One mismatch between a request and its contract. */
export interface WireIssue {
  /** Which part of the request or the answer; `error` is what an error of the contract carries. */
  readonly in: 'params' | 'query' | 'headers' | 'body' | 'response' | 'error';
  /** Where in the part, keys joined by dots; empty for the part itself. */
  readonly path: string;
  readonly message: string;
}

/** More about a problem; see {@link problem}. */
export interface ProblemOptions {
  /** URI that names the kind of problem. @defaultValue 'about:blank' */
  readonly type?: string;
  /** Further members of the document; the standard ones cannot be replaced. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** When to try again, in milliseconds; sent as `Retry-After` too. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * What a handler throws to answer with a problem. Code `FWK_HTTP_PROBLEM`. A status below 500 says that the request was
 * at fault, so layers round the handler do not count it as a failure; 429 and 503 say that the handler is overloaded.
 */
export class HttpError extends FwkError {
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly type: string;
  readonly members: Readonly<Record<string, unknown>>;

  /** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when the status is not from 400 to 599. */
  constructor(status: number, title: string, detail?: string, options: ProblemOptions = {}) {
    super('FWK_HTTP_PROBLEM', detail === undefined ? title : `${title}: ${detail}`, {
      cause: options.cause,
      details: { status },
      traits: traitsOfStatus(status, options.retryAfterMs),
    });
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new OptionsError('problem', [`status must be a whole number from 400 to 599, not ${status}`]);
    }
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.type = options.type ?? 'about:blank';
    this.members = options.members ?? {};
  }
}

/**
 * Makes an error that a handler throws to answer with a problem document.
 * @param status - 400 to 599.
 * @param title - the kind of problem, the same for each occurrence.
 * @param detail - this occurrence, for the caller's eyes.
 * @example throw problem(404, 'No such product', `the catalog has no "${sku}"`);
 */
export function problem(status: number, title: string, detail?: string, options?: ProblemOptions): HttpError {
  return new HttpError(status, title, detail, options);
}

/** Most characters that are kept of a callee's problem: of the standard members each, and of its own all together. */
const maxTextLength = 1000;
const maxDetailLength = 4000;
const maxMembersLength = 16_000;

/**
 * A problem document read from an answer; undefined when it is none. It is bounded, since it goes into error messages, log
 * lines and answers to our own callers: long texts are cut, and members of its own that are too long stay away.
 */
export function readProblem(value: unknown, status: number): Problem | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { type, title, detail, instance, code, traceId, retryAfterMs, ...members } = value as Readonly<
    Record<string, unknown>
  >;
  const waitMs = boundedRetryAfterMs(retryAfterMs);
  return {
    ...boundedMembers(members),
    type: textOf(type) ?? 'about:blank',
    title: textOf(title) ?? '',
    status,
    ...given('detail', textOf(detail, maxDetailLength)),
    ...given('instance', textOf(instance)),
    ...given('code', textOf(code)),
    ...given('traceId', textOf(traceId)),
    ...given('retryAfterMs', waitMs),
  };
}

function given<V>(name: string, value: V | undefined): Readonly<Record<string, V>> | undefined {
  return value === undefined ? undefined : { [name]: value };
}

function textOf(value: unknown, maxLength = maxTextLength): string | undefined {
  if (typeof value !== 'string' || value.length <= maxLength) return typeof value === 'string' ? value : undefined;
  return `${value.slice(0, maxLength)}… (${value.length} characters)`;
}

function boundedMembers(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let left = maxMembersLength;
  for (const [name, value] of Object.entries(members)) {
    left -= name.length + lengthOf(value);
    if (left < 0) break;
    kept[name] = value;
  }
  return kept;
}

/** As JSON; beyond every limit for what is nested too deeply to be written. */
function lengthOf(value: unknown): number {
  try {
    return JSON.stringify(value).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
