/**
 * The service `grpc.health.v1.Health` for a server of `@grpc/grpc-js`: `Check`, `List` and `Watch`. It is described by the
 * forms that such a server takes and not by its types, so that nothing of it is needed where nobody uses it.
 */
import {
  decodeCheckRequest,
  decodeCheckResponse,
  decodeListRequest,
  decodeListResponse,
  encodeCheckRequest,
  encodeCheckResponse,
  encodeListRequest,
  encodeListResponse,
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthListResponse,
  type ServingStatus,
  servingStatus,
} from './health-messages.js';
import type { ServingStatuses } from './serving-statuses.js';

/** Status codes of gRPC. */
const notFound = 5;
const resourceExhausted = 8;

/** Streams of `Watch` at once; further ones are refused. */
export const maxWatches = 10_000;

const base = '/grpc.health.v1.Health';
const checkMessages = {
  requestSerialize: encodeCheckRequest,
  requestDeserialize: decodeCheckRequest,
  responseSerialize: encodeCheckResponse,
  responseDeserialize: decodeCheckResponse,
};

/** The description of the service, as `server.addService` takes it; a client can be made of it too. */
export const healthServiceDefinition = Object.freeze({
  check: { path: `${base}/Check`, requestStream: false, responseStream: false, ...checkMessages },
  list: {
    path: `${base}/List`,
    requestStream: false,
    responseStream: false,
    requestSerialize: encodeListRequest,
    requestDeserialize: decodeListRequest,
    responseSerialize: encodeListResponse,
    responseDeserialize: decodeListResponse,
  },
  watch: { path: `${base}/Watch`, requestStream: false, responseStream: true, ...checkMessages },
} as const);

/** An error as a gRPC server sends it. */
export interface GrpcFault {
  readonly code: number;
  readonly details: string;
}

/** Answers one call. */
export type GrpcCallback<T> = (error: GrpcFault | null, answer?: T) => void;

/** The part of a stream of answers that is used. */
export interface GrpcStream {
  readonly request: HealthCheckRequest;
  write(message: HealthCheckResponse): boolean;
  end(): void;
  on(event: 'cancelled' | 'close' | 'drain' | 'error', listener: () => void): unknown;
  emit(event: 'error', fault: GrpcFault): boolean;
}

/** The handlers, as `server.addService` takes them. */
export class HealthHandlers {
  readonly #statuses: ServingStatuses;
  readonly #open = new Set<GrpcStream>();

  constructor(statuses: ServingStatuses) {
    this.#statuses = statuses;
  }

  readonly check = (
    { request }: { readonly request: HealthCheckRequest },
    callback: GrpcCallback<HealthCheckResponse>,
  ): void => {
    const status = this.#statuses.of(request.service);
    if (status === undefined) {
      const known = this.#statuses.names.map((name) => `"${name}"`).join(', ');
      callback({ code: notFound, details: `there is no service of that name here; known: ${known}` });
    } else callback(null, { status });
  };

  readonly list = (_: unknown, callback: GrpcCallback<HealthListResponse>): void => {
    const { names } = this.#statuses;
    const statuses = names.map((name) => [name, { status: this.#statuses.of(name) ?? servingStatus.UNKNOWN }] as const);
    callback(null, { statuses: Object.fromEntries(statuses) });
  };

  /** Sends the status at once and after each change. A reader that is slow is sent the last one, not all of them. */
  readonly watch = (stream: GrpcStream): void => {
    const { service } = stream.request;
    if (this.#open.size >= maxWatches) {
      stream.emit('error', { code: resourceExhausted, details: `${maxWatches} streams of Watch are open already` });
      return;
    }
    this.#open.add(stream);
    let sent: ServingStatus | undefined;
    let latest: ServingStatus = this.#statuses.of(service) ?? servingStatus.SERVICE_UNKNOWN;
    let full = false;
    const send = () => {
      if (full || sent === latest) return;
      sent = latest;
      full = !stream.write({ status: latest });
    };
    const watching = this.#statuses.watch(service, (status) => {
      latest = status;
      send();
    });
    const over = () => {
      watching[Symbol.dispose]();
      this.#open.delete(stream);
    };
    stream.on('drain', () => {
      full = false;
      send();
    });
    // Without a listener, an error of a connection that is gone would be the process's.
    stream.on('error', over);
    stream.on('cancelled', over);
    stream.on('close', over);
    send();
  };

  /** Ends all streams, so that the server can end. */
  end(): void {
    for (const stream of this.#open) stream.end();
    this.#open.clear();
  }
}
