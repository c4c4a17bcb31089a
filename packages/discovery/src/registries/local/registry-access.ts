import type { IncomingMessage } from 'node:http';
import { bearerCheck, hostNameOf, isLoopback } from '@fwk/kernel';
import { RegistryDeniedError } from '../../errors.js';
import type { LocalRegistryOptions } from './local-options.js';
import { Refusal } from './read-json.js';

/**
 * Makes the check of who may ask. With a token, whoever shows it. Without one, this machine: the socket is a loopback one,
 * and the `Host` header must name it, or a web page could come in by a name of its own that leads here.
 * @returns a check that throws Refusal 421 for a foreign name, RegistryDeniedError without the right token.
 */
export async function registryAccess({
  host,
  port,
  token,
}: LocalRegistryOptions): Promise<(request: IncomingMessage) => void> {
  if (token === undefined) {
    return (request) => {
      if (isLoopback(hostNameOf(request.headers.host))) return;
      throw new Refusal(421, 'this registry serves its own machine, under a loopback name');
    };
  }
  const holds = await bearerCheck(token);
  return (request) => {
    if (!holds(request.headers.authorization)) throw new RegistryDeniedError(`${host}:${port}`);
  };
}
