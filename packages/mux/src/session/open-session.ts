import type { Duplex } from 'node:stream';
import { ClientSession } from './client-session.js';
import { NotOpenedError } from './session-errors.js';
import type { SessionOptions } from './session-options.js';

/** Options of {@link openSession}. */
export interface ClientSessionOptions extends SessionOptions {
  /** How long the peer may take to open the session, in milliseconds. */
  readonly openTimeoutMs: number;
}

/**
 * Opens a session on a connection. The promise rejects with the errors below.
 * @throws NotOpenedError `FWK_MUX_NOT_OPENED`, OptionsError `FWK_KERNEL_OPTIONS_INVALID`
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
      settle(new NotOpenedError(peer, { reason: `no answer within ${Math.round(openTimeoutMs)} ms`, silent: true }));
      session.close();
    }, openTimeoutMs);
  });
}
