import type { IncomingMessage } from 'node:http';
import { bearerCheck, FwkError, hostNameOf, isLoopback } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';

/**
 * Who may speak to the management listener. Without a token only this machine may: the listener is bound to loopback,
 * and the `Host` header must name it, or a web page could reach it through a name that resolves to 127.0.0.1. With a
 * token, whoever shows it.
 */
export interface Authenticator {
  /** @throws ManagementRefusedError 401 without the right token, 403 for a foreign `Host`. */
  check(request: IncomingMessage): void;
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

/** Makes the check for a listener. */
export async function authenticator(host: string, token: string | undefined): Promise<Authenticator> {
  if (token === undefined) {
    return {
      check(request) {
        const name = hostNameOf(request.headers.host);
        if (isLoopback(name) || name === host) return;
        throw new ManagementRefusedError(403, 'the Host header must name this machine: use http://127.0.0.1');
      },
    };
  }
  const holds = await bearerCheck(token);
  return {
    check(request) {
      if (holds(request.headers.authorization)) return;
      throw new ManagementRefusedError(401, 'send the management token as "Authorization: Bearer <token>"');
    },
  };
}
