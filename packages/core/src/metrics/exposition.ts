import type { Family, Sample } from './family.js';

/**
 * The text that scrapers read, written by prom-client. Our numbers are handed to it at scrape as finished values: its
 * own instruments would rebuild a string key for each record and confuse labels that contain commas. Each format has a
 * registry of its own, made for the one scrape, because an OpenMetrics scrape renames counters in place.
 */

/** Content type of the OpenMetrics text format. */
export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Content type of the classic Prometheus text format. */
export const prometheusType = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes the families in the format that the scraper prefers. */
export async function expose(
  families: readonly Family[],
  accept: string | undefined,
): Promise<{ readonly contentType: string; readonly body: string }> {
  const { Gauge, Registry } = await import('prom-client');
  const open = prefersOpenMetrics(accept);
  const registry = new Registry();
  // A registry's type follows its first content type; at run time it takes either.
  if (open) (registry as { setContentType(type: string): void }).setContentType(openMetricsType);
  for (const family of families) {
    if (family.samples.length === 0) continue;
    const finished = finish(family, open);
    // The registry asks a metric only for `get()`; a gauge serves as the carrier of any kind.
    const carrier = new Gauge({ name: finished.name, help: finished.help, registers: [] });
    registry.registerMetric(Object.assign(carrier, { get: async () => finished }));
  }
  return { contentType: open ? openMetricsType : prometheusType, body: await registry.metrics() };
}

/** True when OpenMetrics is asked for at least as much as plain text. Without a header, plain text. */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  let open = 0;
  let plain = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const weight = q === undefined ? 1 : Number.parseFloat(q) || 0;
    if (type === 'application/openmetrics-text') open = Math.max(open, weight);
    else if (type === 'text/plain') plain = Math.max(plain, weight);
  }
  return open > 0 && open >= plain;
}

interface PromValue {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly metricName?: string;
  readonly exemplar?: { labelSet: Record<string, string>; value: number; timestamp: number };
}

/** What a prom-client metric answers when it is asked for its values. */
function finish(family: Family, open: boolean) {
  const { prometheusName, help, kind } = family;
  const values =
    kind === 'histogram' ? family.samples.flatMap((sample) => bucketsOf(prometheusName, sample)) : family.samples;
  // In OpenMetrics a counter's family lacks the suffix, and the registry adds it to each sample.
  const name = open && kind === 'counter' ? prometheusName.replace(/_total$/, '') : prometheusName;
  return { name, help, type: kind, values };
}

function bucketsOf(name: string, sample: Sample): PromValue[] {
  const { labels, histogram } = sample;
  if (!histogram) return [];
  const values: PromValue[] = [];
  let cumulative = 0;
  histogram.counts.forEach((count, index) => {
    cumulative += count;
    const le = histogram.bounds[index];
    const kept = histogram.exemplars?.[index];
    values.push({
      labels: { ...labels, le: le === undefined ? '+Inf' : String(le) },
      value: cumulative,
      metricName: `${name}_bucket`,
      ...(kept && {
        exemplar: { labelSet: { trace_id: kept.traceId }, value: kept.value, timestamp: kept.atMs / 1000 },
      }),
    });
  });
  values.push({ labels: { ...labels }, value: histogram.sum, metricName: `${name}_sum` });
  values.push({ labels: { ...labels }, value: cumulative, metricName: `${name}_count` });
  return values;
}
