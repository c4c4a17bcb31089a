/** Reads answers over Mux that have contexts, or are an error or a refusal. */
import { parseJson } from '@fwk/kernel';
import { type ContextReader, dispatchStatus, finagleKeys, type MuxReply, muxFailure, readFailure } from '@fwk/mux';
import { headerValueFault, isHeaderName } from '../contract/header-field.js';
import { headerNames } from '../wire/headers.js';
import { answerContexts } from './answer-contexts.js';

/** Status of an answer that has a payload and names no status. */
export const usualStatus = 200;
/** Status of an answer that has no payload and names no status. */
export const emptyStatus = 204;
const failedStatus = 500;
const refusedStatus = 503;

const statusKey = Buffer.from(answerContexts.status);
const problemKey = Buffer.from(answerContexts.problem);
const finaglePrefix = 'com.twitter.';

/** An answer as its reader takes it. */
export interface ReplyFacts {
  readonly status: number;
  /** JSON: the body, or a problem document. */
  readonly text: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads an answer. */
export function replyFacts(reply: MuxReply): ReplyFacts {
  const found = readContexts(reply.contexts);
  const { headers } = found;
  if ((found.failure & muxFailure.nonRetryable) !== 0) headers.set(headerNames.retry, 'no');
  const text = reply.payload.toString('utf8');
  switch (reply.status) {
    case dispatchStatus.ok:
      return { status: found.status ?? (text === '' ? emptyStatus : usualStatus), text, headers };
    case dispatchStatus.error:
      return found.status === undefined
        ? withoutDocument(text, found)
        : { status: errorStatus(found.status) ?? failedStatus, text, headers };
    case dispatchStatus.nack:
      return refused(found);
  }
}

interface FoundContexts {
  status: number | undefined;
  problem: string | undefined;
  failure: number;
  readonly headers: Map<string, string>;
}

function readContexts(contexts: ContextReader): FoundContexts {
  const found: FoundContexts = { status: undefined, problem: undefined, failure: 0, headers: new Map() };
  while (contexts.next()) {
    if (contexts.keyIs(statusKey)) found.status = readStatus(contexts.text);
    else if (contexts.keyIs(finagleKeys.failure)) found.failure = readFailure(contexts) ?? 0;
    else if (contexts.keyIs(problemKey)) found.problem = contexts.value.toString('utf8');
    else {
      const name = contexts.key;
      const value = contexts.text;
      // As over HTTP: a line break in a value would begin another header wherever it is passed on.
      const isHeader = isHeaderName(name) && headerValueFault(value) === undefined;
      if (isHeader && !name.startsWith(finaglePrefix)) found.headers.set(name, value);
    }
  }
  return found;
}

function readStatus(text: string): number | undefined {
  return /^[2-9]\d\d$/.test(text) ? Number(text) : undefined;
}

/** The error of a peer without problem documents, whose reason is a text. */
export function failedElsewhere(text: string, headers: ReadonlyMap<string, string> = new Map()): ReplyFacts {
  return { status: failedStatus, text: JSON.stringify({ title: 'Internal Server Error', detail: text }), headers };
}

function withoutDocument(text: string, { failure, headers }: FoundContexts): ReplyFacts {
  const rejected = (failure & muxFailure.rejected) !== 0;
  return rejected ? refusal(refusedStatus, text, headers) : failedElsewhere(text, headers);
}

/** The refusal of a call that was not worked on. */
function refused({ status, problem, headers }: FoundContexts): ReplyFacts {
  const document = problem === undefined ? undefined : documentOf(problem);
  if (!document) return refusal(refusedStatus, 'it refused the call before it worked on it', headers);
  const said = errorStatus(status) ?? errorStatus(readStatus(String(document.status))) ?? refusedStatus;
  return { status: said, text: JSON.stringify({ ...document, notProcessed: true }), headers };
}

function refusal(status: number, detail: string, headers: ReadonlyMap<string, string>): ReplyFacts {
  return { status, text: JSON.stringify({ title: 'Service Unavailable', detail, notProcessed: true }), headers };
}

function documentOf(problem: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = parseJson(problem);
    return typeof document === 'object' && document !== null ? { ...document } : undefined;
  } catch {
    return undefined;
  }
}

function errorStatus(status: number | undefined): number | undefined {
  return status !== undefined && status >= 400 ? status : undefined;
}
