/** What may be wrong with a body before it is parsed, on any wire. */
import type { Coding } from '../coding/codings.js';
import { type ExpandFault, type ExpandLimits, expandFaultText } from '../coding/expand.js';
import { RequestError } from './request-error.js';

/** It is larger than the server reads. */
export function bodyTooLarge(limitBytes: number): RequestError {
  return new RequestError('FWK_HTTP_BODY_TOO_LARGE', `the body is larger than ${limitBytes} bytes`, {
    members: { limitBytes },
  });
}

/** Its bytes are not UTF-8. */
export function bodyNotText(): RequestError {
  return new RequestError('FWK_HTTP_BODY_NOT_JSON', 'the body is not valid UTF-8');
}

/** It is compressed, and was not expanded. */
export function bodyNotExpanded(fault: ExpandFault, coding: Coding, limits: ExpandLimits): RequestError {
  const message = `the body ${expandFaultText(fault, coding, limits, 'bodyLimitBytes')}`;
  if (fault.kind === 'broken') return new RequestError('FWK_HTTP_BODY_NOT_EXPANDED', message);
  const { inBytes, outBytes } = fault;
  const limit = fault.kind === 'size' ? { limitBytes: limits.maxBytes } : { maxRatio: limits.maxRatio };
  const code = fault.kind === 'size' ? 'FWK_HTTP_BODY_TOO_LARGE' : 'FWK_HTTP_BODY_EXPANDS';
  return new RequestError(code, message, { members: { ...limit, compressedBytes: inBytes, expandedBytes: outBytes } });
}

/** A file is larger than its contract allows. @param bytes - that were announced, or that have come */
export function uploadTooLarge(limitBytes: number, bytes: number): RequestError {
  const message = `the file is larger than ${limitBytes} bytes: ${bytes} were announced or have come`;
  return new RequestError('FWK_HTTP_BODY_TOO_LARGE', message, { members: { limitBytes, receivedBytes: bytes } });
}
