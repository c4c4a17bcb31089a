import { codeOf, FwkError, messageOf } from '@fwk/kernel';
import type { WireIssue } from '../wire/problem.js';
import { formatIssues } from '../wire/validate.js';

/**
 * The caller's own request does not fit the contract, or cannot be sent at all. Code `FWK_HTTP_CALL_INVALID`; nothing was
 * sent.
 */
export class CallInvalidError extends FwkError {
  readonly operation: string;
  readonly issues: readonly WireIssue[];

  constructor(operation: string, issues: readonly WireIssue[], cause?: unknown, why = 'it does not fit its contract') {
    super('FWK_HTTP_CALL_INVALID', `${operation} was not sent, ${why}: ${formatIssues(issues)}`, {
      cause,
      details: { operation, issues },
      traits: { outcome: 'ignored' },
    });
    this.operation = operation;
    this.issues = issues;
  }
}

/**
 * The client's headers function failed or took too long. Code `FWK_HTTP_HEADERS_FAILED`; nothing was sent. `cause` is what it
 * threw; the message does not repeat it, since it may show a credential.
 */
export class HeadersFailedError extends FwkError {
  /** @param what - what it did. */
  constructor(operation: string, what: string, cause?: unknown) {
    super('FWK_HTTP_HEADERS_FAILED', `${operation} was not sent: the client's headers function ${what}`, {
      cause,
      details: { operation, what },
      traits: { refusedBy: 'caller', notProcessed: true },
    });
  }
}

/** The client's headers function answered what cannot be sent. Code `FWK_HTTP_HEADERS_INVALID`; nothing was sent. */
export class HeadersInvalidError extends FwkError {
  /** Name of the header; empty when it is about all of them. */
  readonly header: string;

  /**
   * @param why - in words that follow the header's name; its value is not shown.
   * @param who - answered it. @defaultValue the client's headers function
   */
  constructor(operation: string, header: string, why: string, who = "the client's headers function") {
    const what =
      header === '' ? `headers that ${why}` : `a header that cannot be sent: ${JSON.stringify(header)} ${why}`;
    super('FWK_HTTP_HEADERS_INVALID', `${operation} was not sent: ${who} answered ${what}`, {
      details: { operation, header, why },
      traits: { refusedBy: 'caller', notProcessed: true },
    });
    this.header = header;
  }
}

/** undici's error codes for a request that cannot be sent to any endpoint, and the part of the request that is wrong. */
const unsendable: Readonly<Record<string, WireIssue['in']>> = Object.freeze({
  UND_ERR_INVALID_ARG: 'headers',
  UND_ERR_NOT_SUPPORTED: 'headers',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'body',
});

/**
 * The error of a request that got no answer. A request that cannot be sent to any endpoint is its caller's fault, and does
 * not count against the endpoint.
 * @param url - the endpoint that was called.
 */
export function failureOf(
  operation: string,
  url: string,
  sent: boolean,
  cause: Error,
): CallInvalidError | ConnectionError {
  const part = unsendable[codeOf(cause) ?? ''];
  if (part === undefined) return new ConnectionError(operation, url, sent, cause);
  const issues = [{ in: part, path: '', message: cause.message }];
  return new CallInvalidError(operation, issues, cause, 'it is not a request that can be sent');
}

/** The callee's answer does not fit the contract. Code `FWK_HTTP_ANSWER_INVALID`; it would not fit at the next attempt. */
export class AnswerInvalidError extends FwkError {
  readonly operation: string;
  /** Empty when the answer could not even be read as JSON. */
  readonly issues: readonly WireIssue[];

  constructor(operation: string, what: string, issues: readonly WireIssue[] = [], cause?: unknown) {
    const listed = issues.length > 0 ? `: ${formatIssues(issues)}` : '';
    super('FWK_HTTP_ANSWER_INVALID', `${operation}: the answer ${what}${listed}; compare the contract versions`, {
      cause,
      details: { operation, what, issues },
    });
    this.operation = operation;
    this.issues = issues;
  }
}

/**
 * No connection, or it broke. Code `FWK_HTTP_CONNECTION`. `sent` says whether the request may have reached the callee: one
 * that was not sent may be tried again whatever it does.
 */
export class ConnectionError extends FwkError {
  readonly operation: string;
  readonly sent: boolean;

  /** @param url - the endpoint that was called. */
  constructor(operation: string, url: string, sent: boolean, cause: unknown) {
    const what = sent ? 'the connection broke before the answer was complete' : 'no connection could be made';
    const next = codeOf(cause) === 'ECONNREFUSED' ? '; nothing listens there: start it, or correct the address' : '';
    super('FWK_HTTP_CONNECTION', `${operation}: ${what} (${url}): ${messageOf(cause)}${next}`, {
      cause,
      details: { operation, url, connection: true, sent, reason: codeOf(cause) },
      traits: { retryable: true, notProcessed: !sent },
    });
    this.operation = operation;
    this.sent = sent;
  }
}

/** The client was closed. Code `FWK_HTTP_CLIENT_CLOSED`. */
export class ClientClosedError extends FwkError {
  /** @param what - the operation or service that was called. */
  constructor(what: string) {
    super('FWK_HTTP_CLIENT_CLOSED', `${what}: the client was closed; whoever owns it has stopped`, {
      details: { what },
      traits: { outcome: 'ignored' },
    });
  }
}

/** Nothing says where the service runs. Code `FWK_HTTP_CLIENT_UNBOUND`. */
export class ClientUnboundError extends FwkError {
  constructor(service: string) {
    super(
      'FWK_HTTP_CLIENT_UNBOUND',
      `the client of ${service} cannot know where to call: in an application, list discovery() in \`use\`; without one, give createClient() \`endpoints\`, such as ['http://127.0.0.1:4001'], or \`memberships\``,
      { details: { service } },
    );
  }
}
