/** What is looked at in every request before its path: whether it says one host, and whether a foreign web page sent it. */
import type { IncomingMessage } from 'node:http';
import { RequestError } from './request-error.js';

/** A name, an IPv4 address or one of IPv6 in brackets, and a port (RFC 9110, 7.2). */
const hostForm = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\])(?::\d{0,5})?$/;

/**
 * Checks a request's head.
 * @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` without one valid Host, `FWK_HTTP_CROSS_SITE` for a change that a page
 * of another site asks for.
 */
export function checkHead({ method, headers, rawHeaders, httpVersionMinor }: IncomingMessage): void {
  const { host } = headers;
  if (host === undefined ? httpVersionMinor > 0 : !hostForm.test(host)) {
    throw new RequestError('FWK_HTTP_REQUEST_MALFORMED', 'the request has no valid Host header');
  }
  if (hasTwoHosts(rawHeaders)) {
    throw new RequestError('FWK_HTTP_REQUEST_MALFORMED', 'the request has more than one Host header');
  }
  if (headers['sec-fetch-site'] === 'cross-site' && method !== 'GET' && method !== 'HEAD') {
    throw new RequestError(
      'FWK_HTTP_CROSS_SITE',
      'a web page of another site may change nothing here; call from a page of the same site, or from a program',
    );
  }
}

/** Node keeps the first of several and drops the rest. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}
