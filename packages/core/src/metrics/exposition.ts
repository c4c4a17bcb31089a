import type { Registry } from 'prom-client';
import type { Family, Sample } from './family.js';
import { negotiateFormat } from './negotiate-format.js';

/**
 * The text that scrapers read, written by prom-client. Our numbers are handed to it at scrape as finished values: its
 * own instruments would rebuild a string key for each record and confuse labels that contain commas. Each family is
 * written by itself, so that one that cannot be written costs no other.
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
  const { Registry } = await import('prom-client');
  const open = negotiateFormat(accept) === 'openmetrics';
  const registry = new Registry();
  // A registry's type follows its first content type; at run time it takes either.
  if (open) (registry as { setContentType(type: string): void }).setContentType(openMetricsType);
  const texts: string[] = [];
  for (const family of families) {
    if (family.samples.length === 0) continue;
    const text = await write(registry, finish(family, open)).catch(() => undefined);
    if (text !== undefined) texts.push(open ? withHelpQuoted(text) : text);
  }
  return open
    ? { contentType: openMetricsType, body: [...texts, '# EOF\n'].join('\n') }
    : { contentType: prometheusType, body: texts.length === 0 ? '' : `${texts.join('\n\n')}\n` };
}

/** The registry asks a metric only for `get()`. It knows each under the same name: ours may be one that objects have. */
async function write(registry: Registry, finished: Finished): Promise<string> {
  registry.clear();
  registry.registerMetric({ name: 'family', get: async () => finished } as unknown as Parameters<
    Registry['registerMetric']
  >[0]);
  return await registry.getSingleMetricAsString('family');
}

/** OpenMetrics escapes quotes in the help, which is the first line; prom-client does not. */
function withHelpQuoted(text: string): string {
  const end = text.indexOf('\n');
  return text.slice(0, end).replaceAll('"', '\\"') + text.slice(end);
}

interface PromValue {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly metricName?: string;
  readonly exemplar?: { labelSet: Record<string, string>; value: number; timestamp: number };
}

/** What a prom-client metric answers when it is asked for its values. */
interface Finished {
  readonly name: string;
  readonly help: string;
  readonly type: Family['kind'];
  readonly values: readonly PromValue[];
}

function finish(family: Family, open: boolean): Finished {
  const { prometheusName, help, kind } = family;
  const values =
    kind === 'histogram' ? family.samples.flatMap((sample) => bucketsOf(prometheusName, sample, open)) : family.samples;
  // In OpenMetrics a counter's family lacks the suffix, and the registry adds it to each sample.
  const name = open && kind === 'counter' ? prometheusName.replace(/_total$/, '') : prometheusName;
  return { name, help, type: kind, values };
}

function bucketsOf(name: string, sample: Sample, open: boolean): PromValue[] {
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
  // OpenMetrics has no sum where values may be negative, since a sum must never fall there.
  const falls = histogram.sum < 0 || (histogram.bounds[0] ?? 0) < 0;
  if (!open || !falls) values.push({ labels: { ...labels }, value: histogram.sum, metricName: `${name}_sum` });
  values.push({ labels: { ...labels }, value: cumulative, metricName: `${name}_count` });
  return values;
}
