import { encodeBody, type Health, type Metrics } from '@fwk/core';
import { headerNames } from '../wire/headers.js';
import { loadPath } from '../wire/load-text.js';
import type { WireAnswer } from './answer.js';
import type { IncomingRequest } from './incoming-request.js';
import { RequestError } from './request-error.js';

/** Paths that every server answers itself; no operation can have them. */
export const probePaths: Readonly<Record<string, 'liveness' | 'readiness' | 'startup'>> = Object.freeze({
  '/livez': 'liveness',
  '/readyz': 'readiness',
  '/startupz': 'startup',
});

/** The path of the exposition. */
export const metricsPath = '/metrics';

/** Answers a request without a contract. */
export type PlainHandler = (request: Pick<IncomingRequest, 'query' | 'headers'>) => WireAnswer | Promise<WireAnswer>;

/** What they answer from; see the options of a server. */
export interface ProbeSources {
  readonly health: Pick<Health, 'probe'> | undefined;
  readonly exposition: Pick<Metrics, 'expose'> | undefined;
  readonly metrics: boolean;
}

/** The probes, and the exposition where there is one, by path. They answer from what is known and wait for nothing. */
export function probeHandlers(
  { health, exposition, metrics }: ProbeSources,
  load: (() => string) | undefined,
): ReadonlyMap<string, PlainHandler> {
  const handlers = new Map<string, PlainHandler>();
  for (const [path, group] of Object.entries(probePaths)) {
    handlers.set(path, ({ query }) => {
      const { status, body } = health?.probe(group, Object.hasOwn(query, 'verbose')) ?? up;
      return { status, contentType: json, body: JSON.stringify(body), headers: noStore };
    });
  }
  if (load) handlers.set(loadPath, () => loadAnswer(load()));
  if (metrics && exposition) {
    handlers.set(metricsPath, async ({ headers }) => {
      const { contentType, body } = await exposition.expose(headers.accept);
      const encoded = await encodeBody(headers['accept-encoding']?.toString(), body);
      if (!encoded) throw new RequestError('FWK_HTTP_NOT_ACCEPTABLE', 'metrics are sent as they are, or with gzip');
      const encoding = encoded.encoding && { 'content-encoding': encoded.encoding };
      return { status: 200, contentType, body: encoded.body, headers: { ...vary, ...encoding } };
    });
  }
  return handlers;
}

/** An answer that tells of the load and nothing else. */
export function loadAnswer(load: string): WireAnswer {
  const headers = { ...noStore, [headerNames.load]: load };
  return { status: 204, contentType: undefined, body: undefined, headers };
}

const json = 'application/json; charset=utf-8';
const vary = Object.freeze({ vary: 'accept, accept-encoding' });
const noStore = Object.freeze({ 'cache-control': 'no-store' });
const up = Object.freeze({ status: 200, body: { status: 'UP' } });
