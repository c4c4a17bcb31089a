import type { IncomingMessage } from 'node:http';
import { type EventBus, isFwkError, type Logger, messageOf, redact, redactText } from '@fwk/kernel';

/** What a change is asked with. */
export interface AskedChange {
  readonly method: string;
  /** Below `/manage/`. */
  readonly path: string;
  readonly body: unknown;
  readonly query: Readonly<Record<string, string>>;
}

/**
 * Does the work of a change and leaves a line in the log and an event for a change by hand: who asked (address and program), for what, why where the
 * body or query has a `reason`, and what came of it. Endpoints that know what was before answer it as `was`. No secrets.
 */
export function audited(
  to: { readonly events: EventBus; readonly logger: Logger },
  { socket, headers }: IncomingMessage,
  { method, path, body, query }: AskedChange,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const reason = reasonIn(body) ?? reasonIn(query);
  const from = {
    address: `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
    program: redactText(headers['user-agent'] ?? 'unknown', 200),
  };
  const asked = redact({ method, path, body, query }) as object;
  const tell = (outcome: object) => {
    const change = { ...asked, from, ...(reason !== undefined && { reason }), ...outcome };
    to.events.emit('management.changed', change);
    to.logger.info(change, `management: ${method} ${redactText(path, 200)}`);
  };
  const done = work();
  done.then(
    (answer) => tell({ done: true, answer: redact(answer) }),
    (error) =>
      tell({ done: false, error: redactText(messageOf(error)), ...(isFwkError(error) && { code: error.code }) }),
  );
  return done;
}

function reasonIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('reason' in value)) return undefined;
  return typeof value.reason === 'string' ? redactText(value.reason, 500) : undefined;
}
