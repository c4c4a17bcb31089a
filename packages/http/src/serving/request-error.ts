import { FwkError } from '@fwk/kernel';
import { traitsOfStatus } from '../contract/status-traits.js';
import type { httpErrors } from '../errors.js';
import { statusOfCode } from './error-status.js';

/** The server refuses a request. Its message goes to the caller as it is; so do the members. */
export class RequestError extends FwkError {
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: keyof typeof httpErrors,
    message: string,
    more: {
      readonly members?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, {
      cause: more.cause,
      details: more.members ?? {},
      traits: traitsOfStatus(statusOfCode(code) ?? 500, more.retryAfterMs),
      // The request is at fault, not our code; many bad requests must be cheap to refuse.
      stackTrace: false,
    });
    this.members = more.members ?? {};
    this.headers = more.headers ?? {};
  }
}
