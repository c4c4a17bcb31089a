import { RegistryDeniedError } from '../../errors.js';
import type { LocalRegistryOptions } from './local-options.js';
import { isAnswered } from './socket-listener.js';
import type { Transport } from './transport.js';

/**
 * Finds out why nobody answers at the socket of this user: nobody serves, or another program has the port. Nothing is shown
 * to whoever has it, and nothing that it says is believed but this.
 * @returns the error to report instead of the one given.
 */
export async function explainMissing(
  error: unknown,
  transport: Transport,
  { host, port }: LocalRegistryOptions,
): Promise<unknown> {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  const { socket } = transport;
  if (socket === undefined || (code !== 'ENOENT' && code !== 'ECONNREFUSED')) return error;
  let status: number | undefined;
  try {
    const response = await transport.send({ method: 'GET', path: '/v1/services', headers: {}, to: 'port' });
    response.destroy();
    status = response.statusCode;
  } catch (failure) {
    return failure;
  }
  if (status === 401) return new RegistryDeniedError(`${host}:${port}`);
  // A registry listens at its port only while its socket is there. So if the socket answers now, it has just been opened.
  if (await isAnswered(socket)) return error;
  return new RegistryDeniedError(
    `${host}:${port}`,
    `is not this user's: it does not listen at ${socket}. Another user serves it, or a program with another ` +
      'socketDirectory: set FWK_REGISTRY_TOKEN for all who share it, or another FWK_REGISTRY_PORT for this user',
  );
}
