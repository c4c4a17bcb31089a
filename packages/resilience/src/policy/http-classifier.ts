/**
 * Judges calls of any HTTP client by what its answers and errors have in common: axios, got, ky, undici, `fetch`,
 * superagent, node-fetch, the AWS SDK. A status below 400 is a success. 4xx is the caller's own mistake: neither repeated nor counted
 * against the callee, except 408 and 425 (repeated) and 429 (overload). 5xx is a failure, 503 overload; 501 and 505 are not
 * repeated. `fetch` resolves whatever the status, so results are judged like errors. An error is judged by what it says of
 * the answer, or else by its `cause`. `Retry-After` is honoured, as seconds or as a date.
 */
import {
  type CallContext,
  type Classifier,
  defaultClassifier,
  isFwkError,
  readRetryAfterMs,
  systemClock,
  type Verdict,
  verdicts,
} from '@fwk/kernel';

/** Codes of failures before anything of the request was sent: it may be tried again whatever it does. */
const notSent: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'],
  ...['UND_ERR_CONNECT_TIMEOUT'],
]);

/** Codes of requests that can never be sent, or that somebody on this side gave up: no word about the callee. */
const ownFault: ReadonlySet<string> = new Set([
  ...['ERR_INVALID_URL', 'ERR_UNSUPPORTED_PROTOCOL', 'UND_ERR_INVALID_ARG', 'ERR_BAD_OPTION', 'ERR_BAD_OPTION_VALUE'],
  ...['ERR_CANCELED', 'ABORT_ERR', 'UND_ERR_ABORTED'],
]);
const abortNames: ReadonlySet<string> = new Set(['AbortError', 'CanceledError', 'CancelError']);

const MAX_CAUSES = 5;
const notSentVerdict: Verdict = Object.freeze({ ...verdicts.retryableFailure, sent: false });

/**
 * The classifier for functions that call over HTTP.
 * @example policy('stock', { retry: {}, breaker: {}, classifier: httpClassifier }).wrap((url: string) => axios.get(url))
 */
export const httpClassifier: Classifier = Object.freeze({
  ofResult: (result: unknown): Verdict => ofAnswer(result) ?? verdicts.success,
  ofError(error: unknown, context: CallContext): Verdict {
    // Once the call was given up, the reason decides; our own errors say themselves what they are.
    if (context.cancelled) return defaultClassifier.ofError(error, context);
    const causes = causesOf(error);
    for (const each of causes) {
      if (isFwkError(each)) return defaultClassifier.ofError(each, context);
      const verdict = ofAnswer(memberOf(each, 'response')) ?? ofAnswer(memberOf(each, '$response')) ?? ofAnswer(each);
      if (verdict) return verdict.retryable ? verdict : (ofRetryable(each) ?? verdict);
    }
    const code = causes.map((each) => memberOf(each, 'code')).find((each) => typeof each === 'string') as string;
    if (notSent.has(code)) return notSentVerdict;
    if (ownFault.has(code) || causes.some((each) => abortNames.has(String(memberOf(each, 'name'))))) {
      return verdicts.ignored;
    }
    return verdicts.retryableFailure;
  },
  release(ending: unknown): void {
    freeBody(ending);
    freeBody(memberOf(ending, 'response'));
  },
});

/** Ends the body of an answer that nobody reads, which frees its socket: of `fetch`, of undici, or any Node stream. */
function freeBody(answer: unknown): void {
  // Only without a body: node-fetch warns of whoever looks at its `data`.
  const body = hasBody(answer) ? memberOf(answer, 'body') : memberOf(answer, 'data');
  // A locked stream is being read by somebody.
  if (memberOf(body, 'locked') === true) return;
  // undici's `dump` reads a short rest, so that the connection can be used again.
  const end = [memberOf(body, 'cancel'), memberOf(body, 'dump'), isNodeStream(body) && memberOf(body, 'destroy')];
  const free = end.find((each) => typeof each === 'function');
  if (free) Promise.resolve(Reflect.apply(free, body, [])).catch(() => undefined);
}

function hasBody(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'body' in answer;
}

function isNodeStream(body: unknown): boolean {
  return typeof memberOf(body, 'pipe') === 'function';
}

/** The verdict on an answer, or on an error that says what was answered; undefined where there is no status. */
function ofAnswer(answer: unknown): Verdict | undefined {
  const status = statusOf(answer);
  if (status === undefined) return undefined;
  const verdict = ofStatus(status);
  if (!verdict.retryable) return verdict;
  const header = headerOf(answer, 'retry-after') ?? headerOf(memberOf(answer, 'response'), 'retry-after');
  const retryAfterMs = readRetryAfterMs(header, systemClock.wallTime());
  return retryAfterMs === undefined ? verdict : { ...verdict, retryAfterMs };
}

function ofStatus(status: number): Verdict {
  if (status < 400) return verdicts.success;
  if (status === 429 || status === 503) return verdicts.overloaded;
  if (status === 408 || status === 425) return verdicts.retryableFailure;
  if (status < 500) return verdicts.ignored;
  return status === 501 || status === 505 ? verdicts.failure : verdicts.retryableFailure;
}

function statusOf(answer: unknown): number | undefined {
  const ofAws = memberOf(memberOf(answer, '$metadata'), 'httpStatusCode');
  return [memberOf(answer, 'status'), memberOf(answer, 'statusCode'), ofAws].find(
    (status): status is number => Number.isInteger(status) && (status as number) >= 100 && (status as number) <= 599,
  );
}

/** A header of a `Headers` object, or of a plain one in any case. */
function headerOf(answer: unknown, name: string): unknown {
  const headers = memberOf(answer, 'headers');
  const get = memberOf(headers, 'get');
  if (typeof get === 'function') return Reflect.apply(get, headers, [name]);
  if (typeof headers !== 'object' || headers === null) return undefined;
  const key = Object.keys(headers).find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : memberOf(headers, key);
}

/** An error and what caused it: `fetch` throws a TypeError round the true one, and applications wrap what clients throw. */
function causesOf(error: unknown): readonly unknown[] {
  const causes = [error];
  for (let cause = memberOf(error, 'cause'); cause && causes.length < MAX_CAUSES; cause = memberOf(cause, 'cause')) {
    causes.push(cause);
  }
  return causes;
}

/** What the AWS SDK knows of some errors beside their status, which is 400 for most that throttle. */
function ofRetryable(error: unknown): Verdict | undefined {
  const known = memberOf(error, '$retryable');
  if (typeof known !== 'object' || known === null) return undefined;
  return memberOf(known, 'throttling') === true ? verdicts.overloaded : verdicts.retryableFailure;
}

/** A member of anything. A getter that throws says nothing. */
function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}
