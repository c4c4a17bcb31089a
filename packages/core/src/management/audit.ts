import type { IncomingMessage } from 'node:http';
import {
  type Clock,
  type EventBus,
  isFwkError,
  type Logger,
  type ManagementEndpoint,
  type ManagementRequest,
  messageOf,
  redact,
  redactText,
} from '@fwk/kernel';
import { ManagementDownload, ManagementReply } from './reply.js';

/** What a change is asked with. */
export interface AskedChange {
  readonly method: string;
  /** Below `/manage/`. */
  readonly path: string;
  readonly body: unknown;
  readonly query: Readonly<Record<string, string>>;
}

/**
 * Does the work of a change by hand and leaves a line in the log and an event: who asked (`actor` of body or query), from where
 * (address and program), for what, why (`reason` of body or query), and what came of it. Endpoints that know what was before
 * answer it as `was`. No secrets.
 */
export function audited(
  to: { readonly events: EventBus; readonly logger: Logger },
  from: Asker,
  { method, path, body, query }: AskedChange,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const told = (name: string) => textIn(body, name) ?? textIn(query, name);
  const [actor, reason] = [told('actor'), told('reason')];
  const asked = redact({ method, path, body, query }) as object;
  const tell = (outcome: object) => {
    const change = { ...asked, ...(actor && { actor }), from, ...(reason && { reason }), ...outcome };
    to.events.emit('management.changed', change);
    to.logger.info(change, `management: ${method} ${redactText(path, 200)}`);
  };
  const done = work();
  done.then(
    (answer) => tell({ done: true, answer: shown(answer) }),
    (error) =>
      tell({ done: false, error: redactText(messageOf(error)), ...(isFwkError(error) && { code: error.code }) }),
  );
  return done;
}

/** What may be told of a body: what the endpoint says of it, or all of it. */
export function auditedBody(
  endpoint: Pick<ManagementEndpoint, 'auditedBody'>,
  request: Pick<ManagementRequest, 'parameter' | 'body'>,
): unknown {
  try {
    return endpoint.auditedBody ? endpoint.auditedBody(request) : request.body;
  } catch {
    return undefined;
  }
}

/** Time in which at most {@link maxRefusalsTold} refused changes are told, in milliseconds. */
const refusalsWindowMs = 10_000;

/** Whoever has no token must not fill the log either. */
export const maxRefusalsTold = 10;

/**
 * Leaves a line and an event for changes that were refused before any work began: without the token, from a foreign page,
 * at no known place. Of many in a short time the first are told, and the next line has the number of the others.
 */
export class RefusedChanges {
  readonly #to: { readonly events: EventBus; readonly logger: Logger; readonly clock: Clock };
  #windowEndsMs = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;

  constructor(to: { readonly events: EventBus; readonly logger: Logger; readonly clock: Clock }) {
    this.#to = to;
  }

  tell(
    { method = '', url = '' }: IncomingMessage,
    from: Asker,
    { status, detail }: { readonly status: number; readonly detail: string },
  ): void {
    const { events, logger, clock } = this.#to;
    if (clock.now() >= this.#windowEndsMs) {
      this.#windowEndsMs = clock.now() + refusalsWindowMs;
      this.#told = 0;
    }
    if (this.#told >= maxRefusalsTold) {
      this.#untold++;
      return;
    }
    this.#told++;
    const untold = this.#untold > 0 ? { untold: this.#untold } : {};
    this.#untold = 0;
    const refusal = { method, url: redactText(url, 200), from, status, error: detail, ...untold };
    events.emit('management.refused', refusal);
    logger.warn(refusal, `management: refused ${method} ${refusal.url}`);
  }
}

/** Who asked. */
export interface Asker {
  readonly address: string;
  readonly program: string;
}

/** Reads who asks. At once, since a connection that has ended has no address. */
export function askerOf({ socket, headers }: IncomingMessage): Asker {
  return {
    address: `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
    program: redactText(headers['user-agent'] ?? 'unknown', 200),
  };
}

/** What is not plain data may be long, or is still to be made. */
function shown(answer: unknown): unknown {
  if (answer instanceof ManagementReply) return { status: answer.status, contentType: answer.contentType };
  if (answer instanceof ManagementDownload) return { file: answer.fileName };
  return redact(answer);
}

function textIn(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const text: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return typeof text === 'string' && text !== '' ? redactText(text, 500) : undefined;
}
