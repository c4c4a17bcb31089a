import type { Duplex } from 'node:stream';
import { ClientSession } from './client-session.js';
import { NotOpenedError } from './session-errors.js';
import type { SessionOptions } from './session-options.js';

/** Options of {@link openSession}. */
export interface ClientSessionOptions extends SessionOptions {
  /** How long the peer has to answer the opening of the session, in milliseconds. */
  readonly openTimeoutMs: number;
}

/**
 * Opens a session on a connection that stands.
 * @throws NotOpenedError `FWK_MUX_NOT_OPENED`, and OptionsError `FWK_KERNEL_OPTIONS_INVALID`, by its promise
 */
export function openSession(
  socket: Duplex,
  { openTimeoutMs, ...options }: ClientSessionOptions,
): Promise<ClientSession> {
  return new Promise((resolve, reject) => {
    const { clock, peer } = options;
    const settle = (error?: NotOpenedError) => {
      clock.clearTimer(timer);
      if (error) reject(error);
      else resolve(session);
    };
    const session = new ClientSession(socket, options, settle);
    const timer = clock.setTimer(() => {
      settle(new NotOpenedError(peer, `no answer within ${Math.round(openTimeoutMs)} ms`));
      session.close();
    }, openTimeoutMs);
  });
}
