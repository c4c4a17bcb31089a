import { messageOf } from './fwk-error.js';

/**
 * Reports what a listener threw as a process warning of type `FwkListenerWarning`: whoever notifies must go on, and must
 * not bring the process down for a listener it does not know.
 * @param of - what the listener listened to: `the event "breaker.opened"`.
 */
export function warnOfListener(error: unknown, of: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.emitWarning(`a listener of ${of} threw: ${text}`, { type: 'FwkListenerWarning' });
}
