import type { IncomingMessage } from 'node:http';
import { headFaultOf } from '@fwk/kernel';
import { RequestError } from '../serving/request-error.js';

/**
 * Checks a request's head.
 * @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` without one valid Host, `FWK_HTTP_CROSS_SITE` for a change that a page
 * of another site asks for.
 */
export function checkHead(request: IncomingMessage): void {
  const fault = headFaultOf(request);
  if (!fault) return;
  throw new RequestError(fault.status === 403 ? 'FWK_HTTP_CROSS_SITE' : 'FWK_HTTP_REQUEST_MALFORMED', fault.message);
}
