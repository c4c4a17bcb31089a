/**
 * What goes back over the wire, and how any error becomes it. A caller is told what it can act on: its own mistakes in
 * full, ours by code and the sentence of the error table. Messages, causes and stacks stay in the log.
 */
import {
  boundedRetryAfterMs,
  type ErrorEntry,
  type FwkError,
  formatRetryAfter,
  isDoNotRetry,
  isFwkError,
  type Lasting,
  problemType,
  titleOf,
} from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { OperationError } from '../contract/operation-error.js';
import { headerNames } from '../wire/headers.js';
import { jsonText } from '../wire/json-text.js';
import type { HttpError, Problem } from '../wire/problem.js';
import type { RemoteError } from '../wire/remote-error.js';
import { type CheckedError, checkedFor } from './declared-errors.js';
import { errorOfFetch } from './error-of-fetch.js';
import { entryOfCode } from './error-status.js';
import { RequestError } from './request-error.js';
import type { AnswerStream } from './stream-sink.js';

/** What a request is answered with, by its operation or by a layer instead. */
export interface ServedAnswer extends Partial<Lasting> {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Text, or bytes where the operation answers those. */
  readonly body: string | Uint8Array | undefined;
  /** Values by name; undefined for none. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** What follows the head instead of a body. @defaultValue nothing */
  readonly stream?: AnswerStream | undefined;
}

/** An answer as it can be put on the wire. */
export interface WireAnswer extends ServedAnswer {
  /** Whether the request was refused before it was worked on. @defaultValue false */
  readonly notProcessed?: boolean;
}

/** The answer of an error; its body is a problem document. */
export interface ErrorAnswer extends ServedAnswer {
  readonly body: string;
  readonly notProcessed: boolean;
}

/** What identifies a failed request in its problem document. */
export interface Failed {
  /** The path that was asked for, without its query. */
  readonly instance: string;
  readonly traceId: string | undefined;
  /** The *do not retry* marks that had been set when the request came. */
  readonly marks: number;
  /** The operation that failed; undefined where none was found. Only errors that were checked for it are told as they are. */
  readonly plan?: OperationPlan<string> | undefined;
  /** Which attempt it was, where a layer of the server refused it before its handler was asked. @defaultValue it was not */
  readonly refusedAttempt?: number | undefined;
}

/** How long a caller should wait that was refused for lack of capacity, when the error does not say. */
const overloadWaitMs = 100;

/** Statuses by which a callee speaks of the thing asked for, not of the way of asking: they hold for our caller too. */
const passedOn: readonly number[] = [404, 409, 410, 422];

/** Makes the answer of an error. */
export function answerOfError(thrown: unknown, failed: Failed): ErrorAnswer {
  const error = errorOfFetch(thrown);
  const { status, type, title, detail, code, members, headers, ...explained } = explain(error, failed.plan);
  const retryAfterMs = boundedRetryAfterMs(explained.retryAfterMs);
  const problem: Problem = {
    ...members,
    ...(failed.refusedAttempt !== undefined && { notProcessed: true }),
    type,
    title: title || titleOf(status),
    status,
    ...(detail !== undefined && { detail }),
    instance: failed.instance,
    ...(code !== undefined && { code }),
    ...(failed.traceId !== undefined && { traceId: failed.traceId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  return {
    status,
    contentType: problemType,
    body: jsonText(problem) ?? '',
    // A refusal for other reasons holds everywhere.
    notProcessed: problem.notProcessed === true && (status === 429 || status === 503),
    headers: {
      ...headers,
      ...(retryAfterMs !== undefined && { 'retry-after': formatRetryAfter(retryAfterMs) }),
      ...(isFinal(error, failed) && { [headerNames.retry]: 'no' }),
    },
  };
}

interface Explained {
  readonly status: number;
  readonly type: string;
  readonly title?: string;
  readonly detail?: string | undefined;
  readonly code?: string;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

function explain(error: unknown, plan: OperationPlan<string> | undefined): Explained {
  const declared = plan && checkedFor(plan, error);
  if (declared) return explainDeclared(error as OperationError, declared);
  if (error instanceof RequestError) {
    const { code, message, members, headers, traits } = error;
    return { ...known(code, message), members, headers, retryAfterMs: traits.retryAfterMs };
  }
  if (isFwkError(error, 'FWK_HTTP_PROBLEM')) {
    const { status, type, title, detail, members, traits } = error as HttpError;
    return { status, type, title, detail, members, retryAfterMs: traits.retryAfterMs };
  }
  if (isFwkError(error, 'FWK_HTTP_REMOTE')) return explainRemote(error as RemoteError);
  if (!isFwkError(error)) return known('FWK_HTTP_INTERNAL');
  const entry = entryOfCode(error.code);
  if (!entry || entry.status === 500) return known('FWK_HTTP_INTERNAL');
  const overloaded = entry.status === 503 || entry.status === 429;
  return { ...known(error.code), members: toldOf(error, entry), retryAfterMs: waitOf(error, overloaded) };
}

/** As the contract says it. */
function explainDeclared({ detail, traits }: OperationError, { error, data }: CheckedError): Explained {
  const { name, status, type, title } = error;
  const members = data === undefined ? {} : { data };
  return { status, type, title, detail, code: name, members, retryAfterMs: traits.retryAfterMs };
}

function explainRemote(error: RemoteError): Explained {
  const { status, problem } = error;
  if (passedOn.includes(status) && !problem?.code?.startsWith('FWK_')) {
    return { status, type: problem?.type ?? 'about:blank', title: problem?.title ?? '', detail: problem?.detail };
  }
  const overloaded = status === 429 || status === 503;
  return {
    ...known('FWK_HTTP_REMOTE', `${error.operation} answered ${status}`),
    status: overloaded ? 503 : status === 504 ? 504 : 502,
    retryAfterMs: waitOf(error, overloaded),
  };
}

/** Those details of an error that its table shows to callers (`told`). */
function toldOf({ details }: FwkError, { told = [] }: ErrorEntry): Readonly<Record<string, unknown>> {
  return Object.fromEntries(told.filter((name) => details[name] !== undefined).map((name) => [name, details[name]]));
}

function waitOf(error: FwkError & { readonly retryAfterMs?: unknown }, overloaded: boolean): number | undefined {
  const { traits, retryAfterMs } = error;
  if (typeof retryAfterMs === 'number') return retryAfterMs;
  return traits.retryAfterMs ?? (overloaded ? overloadWaitMs : undefined);
}

function known(code: string, detail?: string): Explained {
  const entry = entryOfCode(code);
  return {
    status: entry?.status ?? 500,
    type: `urn:fwk:error:${code}`,
    detail: detail ?? entry?.summary,
    code,
  };
}

/** Whether the caller should not try again: others have refused the call already, or the refusal is for good. */
function isFinal(error: unknown, { marks, refusedAttempt = 1 }: Failed): boolean {
  return (
    // Others were asked before and are as full, so a third attempt would only add to it (the SRE book's "overloaded; don't retry").
    refusedAttempt > 1 ||
    isDoNotRetry(error, marks) ||
    (isFwkError(error) && error.traits.overloaded === true && !error.traits.retryable)
  );
}
