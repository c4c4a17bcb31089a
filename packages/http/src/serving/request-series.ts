import type { Wire } from '@fwk/discovery';
import type { Histogram, Meter } from '@fwk/kernel';
import { httpMetrics } from '../metrics.js';

/** Durations of one route's requests, a series for each protocol and status, bound when the status is first answered. */
export class RequestSeries {
  readonly #meter: Meter;
  readonly #method: string;
  readonly #route: string;
  readonly #byStatus: Readonly<Record<Wire, Histogram[]>> = { http: [], mux: [], local: [] };
  /** Of errors that the contract declares, by protocol and name. */
  readonly #byError = new Map<string, Histogram>();

  /** @param route - as OpenTelemetry names it: `/stock/{sku}`; empty for requests without one. */
  constructor(meter: Meter, method: string, route: string) {
    this.#meter = meter;
    this.#method = method;
    this.#route = route;
  }

  /** @param error - name of the error that was answered, where the contract declares it. */
  observe(protocol: Wire, status: number, seconds: number, traceId: string | undefined, error?: string): void {
    const series = error === undefined ? this.#ofStatus(protocol, status) : this.#ofError(protocol, status, error);
    series.observe(seconds, traceId);
  }

  #ofStatus(protocol: Wire, status: number): Histogram {
    const byStatus = this.#byStatus[protocol];
    const index = status - 100;
    byStatus[index] ??= this.#bind(protocol, status);
    return byStatus[index];
  }

  #ofError(protocol: Wire, status: number, error: string): Histogram {
    const key = `${protocol} ${error}`;
    const known = this.#byError.get(key) ?? this.#bind(protocol, status, error);
    this.#byError.set(key, known);
    return known;
  }

  #bind(protocol: Wire, status: number, error?: string): Histogram {
    return this.#meter.histogram(httpMetrics['http.server.request.duration'], {
      'http.request.method': this.#method,
      'http.route': this.#route,
      'http.response.status_code': String(status),
      'url.scheme': protocol,
      // OpenTelemetry asks for it where it is not HTTP.
      ...(protocol !== 'http' && { 'network.protocol.name': protocol }),
      ...(error !== undefined && { 'error.type': error }),
    });
  }
}
