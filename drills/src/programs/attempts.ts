/**
 * Records what the client of this process sends: every attempt, by a layer in front of each endpoint, and every HTTP request, by
 * undici's diagnostics. Attempts without an HTTP request went over Mux.
 */
import { subscribe } from 'node:diagnostics_channel';
import { endpointKey } from '@fwk/discovery';
import type { ClientLayers } from '@fwk/http';
import type { AttemptRecord } from '../stage/messages.js';
import { nowMs } from '../stage/now.js';

/** Records that grow from now on. */
export interface Recorder {
  readonly attempts: readonly AttemptRecord[];
  /** When each HTTP request was put on the wire. */
  readonly httpAtMs: readonly number[];
  /** Adds the layer that records to those in front of an endpoint. */
  add(layers: ClientLayers): ClientLayers;
}

/** See the head of this file. */
export function attemptRecorder(): Recorder {
  const attempts: AttemptRecord[] = [];
  const httpAtMs: number[] = [];
  subscribe('undici:request:create', () => void httpAtMs.push(nowMs()));
  return {
    attempts,
    httpAtMs,
    add: (layers) =>
      layers.use({
        role: 'drill',
        wrap: (next) => ({
          async call(request, context) {
            const record = { port: context.get(endpointKey)?.port ?? 0, startMs: nowMs(), endMs: Number.NaN };
            attempts.push(record);
            try {
              return await next.call(request, context);
            } finally {
              record.endMs = nowMs();
            }
          },
          status: (request) => next.status(request),
        }),
      }),
  };
}
