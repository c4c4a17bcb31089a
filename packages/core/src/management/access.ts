import type { IncomingMessage } from 'node:http';
import { bearerCheck, FwkError, hostNameOf, isLoopback } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';

/**
 * Who may speak to the management listener. Web pages may not, whatever they ask: their requests say where they come from.
 * With a configured token, whoever shows it may. Without one, this machine may look: the listener is bound to loopback,
 * and the `Host` header must name it, or a web page could reach it through a name that resolves to 127.0.0.1. Changing
 * anything takes the token of the file that is made at the start, which only this user can read.
 */
export interface Authenticator {
  /** Asked of each request. @throws ManagementRefusedError 401 without a configured token, 403 for a web page and a foreign `Host`. */
  look(request: IncomingMessage): void;
  /** Asked of changes, and of what is guarded as they are. @throws ManagementRefusedError 401 without the token. */
  change(request: IncomingMessage): void;
}

/** Management was to be reachable from other machines without a token. Code `FWK_CORE_MANAGEMENT_EXPOSED`. */
export class ManagementExposedError extends FwkError {
  constructor(host: string) {
    super(
      'FWK_CORE_MANAGEMENT_EXPOSED',
      `management on "${host}" could be reached from other machines and has no token; set management.token, or keep the host 127.0.0.1`,
      { details: { host } },
    );
  }
}

/**
 * Makes the check for a listener.
 * @param token - the configured one.
 * @param file - the one made at the start, where none is configured.
 */
export async function authenticator(
  host: string,
  token: string | undefined,
  file: { readonly path: string; readonly token: string } | undefined,
): Promise<Authenticator> {
  if (token !== undefined) {
    const holds = await bearerCheck(token);
    return {
      look(request) {
        refuseWebPages(request);
        if (holds(request.headers.authorization)) return;
        throw new ManagementRefusedError(401, 'send the management token as "Authorization: Bearer <token>"');
      },
      // Whoever may look has shown it.
      change() {},
    };
  }
  const holds = file && (await bearerCheck(file.token));
  return {
    look(request) {
      refuseWebPages(request);
      const name = hostNameOf(request.headers.host);
      if (!isLoopback(name) && name !== host) {
        throw new ManagementRefusedError(403, 'the Host header must name this machine: use http://127.0.0.1');
      }
    },
    change(request) {
      if (holds?.(request.headers.authorization)) return;
      throw new ManagementRefusedError(
        401,
        file
          ? `this takes the token in ${file.path}: send it as "Authorization: Bearer <token>"`
          : 'this takes a token, and no file for one could be made at the start; set management.token',
      );
    },
  };
}

/** True for requests that change nothing. */
export function isReading(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

/** Browsers say with each request of a page where the page comes from; other programs send none of these headers. */
function refuseWebPages({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (foreignSite || isForeign(headers.origin, headers.host) || isForeign(headers.referer, headers.host)) {
    throw new ManagementRefusedError(403, 'pages of other origins may not ask here; open the address itself');
  }
}

function isForeign(from: string | undefined, host: string | undefined): boolean {
  if (from === undefined) return false;
  try {
    return new URL(from).host !== host?.toLowerCase();
  } catch {
    return true;
  }
}
