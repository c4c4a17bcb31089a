/** What may be wrong with a body before it is parsed, on any wire. */
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
