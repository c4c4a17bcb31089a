import type { IncomingMessage } from 'node:http';

/** A name, an IPv4 address or one of IPv6 in brackets, and a port (RFC 9110, 7.2). */
const hostForm = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\])(?::\d{0,5})?$/;

/** Why a request is refused before its path is looked at: status 400, or 403 for a change that a foreign page asks for. */
export interface HeadFault {
  readonly status: 400 | 403;
  readonly message: string;
}

const noHost = fault(400, 'the request has no valid Host header');
const twoHosts = fault(400, 'the request has more than one Host header');
const crossSite = fault(
  403,
  'a web page of another site may change nothing here; call from a page of the same site, or from a program',
);

/**
 * Looks at a request's head: it must name one valid host (RFC 9112, 3.2), and must not be a change that a browser sends for
 * a page of another site. The listener must be made with `requireHostHeader: false`, or Node refuses by itself.
 */
export function headFaultOf(request: IncomingMessage): HeadFault | undefined {
  const { method, headers, rawHeaders, httpVersionMinor } = request;
  const { host } = headers;
  if (host === undefined ? httpVersionMinor > 0 : !hostForm.test(host)) return noHost;
  if (hasTwoHosts(rawHeaders)) return twoHosts;
  return headers['sec-fetch-site'] === 'cross-site' && method !== 'GET' && method !== 'HEAD' ? crossSite : undefined;
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

function fault(status: HeadFault['status'], message: string): HeadFault {
  return Object.freeze({ status, message });
}
