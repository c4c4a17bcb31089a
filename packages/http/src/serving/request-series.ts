import type { Wire } from '@fwk/discovery';
import type { Histogram, Meter } from '@fwk/kernel';
import { httpMetrics } from '../metrics.js';

/** Durations of one route's requests, a series for each protocol and status, bound when the status is first answered. */
export class RequestSeries {
  readonly #meter: Meter;
  readonly #method: string;
  readonly #route: string;
  readonly #byStatus: Readonly<Record<Wire, Histogram[]>> = { http: [], mux: [] };

  /** @param route - as OpenTelemetry names it: `/stock/{sku}`. */
  constructor(meter: Meter, method: string, route: string) {
    this.#meter = meter;
    this.#method = method;
    this.#route = route;
  }

  observe(protocol: Wire, status: number, seconds: number, traceId: string | undefined): void {
    const index = status - 100;
    const series = this.#byStatus[protocol][index] ?? this.#bind(protocol, status, index);
    series.observe(seconds, traceId);
  }

  #bind(protocol: Wire, status: number, index: number): Histogram {
    const series = this.#meter.histogram(httpMetrics['http.server.request.duration'], {
      'http.request.method': this.#method,
      'http.route': this.#route,
      'http.response.status_code': String(status),
      'url.scheme': protocol,
      // OpenTelemetry asks for it where it is not HTTP.
      ...(protocol !== 'http' && { 'network.protocol.name': protocol }),
    });
    this.#byStatus[protocol][index] = series;
    return series;
  }
}
