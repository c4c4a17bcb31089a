import type { Histogram, Meter } from '@fwk/kernel';

/** Durations of one route's requests, a series for each status, bound when the status is first answered. */
export class RequestSeries {
  readonly #meter: Meter;
  readonly #method: string;
  readonly #route: string;
  readonly #byStatus: Histogram[] = [];

  /** @param route - as OpenTelemetry names it: `/stock/{sku}`. */
  constructor(meter: Meter, method: string, route: string) {
    this.#meter = meter;
    this.#method = method;
    this.#route = route;
  }

  observe(status: number, seconds: number, traceId: string | undefined): void {
    const index = status - 100;
    const series = this.#byStatus[index] ?? this.#bind(status, index);
    series.observe(seconds, traceId);
  }

  #bind(status: number, index: number): Histogram {
    const series = this.#meter.histogram(
      { name: 'http.server.request.duration', help: 'How long requests took to answer.', unit: 'seconds' },
      {
        'http.request.method': this.#method,
        'http.route': this.#route,
        'http.response.status_code': String(status),
        'url.scheme': 'http',
      },
    );
    this.#byStatus[index] = series;
    return series;
  }
}
