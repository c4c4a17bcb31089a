/**
 * Registries of prom-client and of its successor `@prometheus-io/client`, as far as both have the same shape. They are
 * described here, not imported, so that an application brings whichever it has.
 */
import type { Labels } from '@fwk/kernel';

/** A registry whose metrics shall appear beside ours. */
export interface ForeignRegistry {
  getMetricsAsJSON(): Promise<readonly unknown[]> | readonly unknown[];
}

/** A registry in which ours shall appear. */
export interface ForeignHost {
  /** The type that it will answer, by which it chooses a format. */
  readonly contentType: string;
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
}

/** One value of a metric, as such a registry hands it out. */
export interface ForeignValue {
  /** The sample's name where it is not the metric's: `…_bucket`. */
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
  readonly exemplar?: ForeignExemplar | undefined;
}

/** As {@link ForeignValue} has it. */
export interface ForeignExemplar {
  readonly labelSet: Labels;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/** A metric of such a registry, checked: what is left can be written. */
export interface ForeignFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';
  readonly values: readonly ForeignValue[];
}

const nameForm = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelForm = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const types: readonly unknown[] = ['counter', 'gauge', 'histogram', 'summary'];

/** Reads one metric; undefined for what scrapers could not read, since it would cost them everything else. */
export function readForeignFamily(metric: unknown): ForeignFamily | undefined {
  if (!isRecord(metric)) return undefined;
  const { name, help, type, values } = metric;
  if (typeof name !== 'string' || !nameForm.test(name) || !Array.isArray(values)) return undefined;
  const checked = values.map((value) => readValue(name, value)).filter((value) => value !== undefined);
  return {
    name,
    help: typeof help === 'string' && help.trim() !== '' ? clean(help) : name,
    type: types.includes(type) ? (type as ForeignFamily['type']) : 'unknown',
    values: checked,
  };
}

function readValue(family: string, given: unknown): ForeignValue | undefined {
  if (!isRecord(given) || typeof given.value !== 'number') return undefined;
  const { metricName, value, exemplar } = given;
  if (metricName !== undefined && !(typeof metricName === 'string' && metricName.startsWith(family))) return undefined;
  const labels = readLabels({ ...recordOf(given.labels), ...recordOf(given.sharedLabels) });
  if (!labels) return undefined;
  return { ...(metricName !== undefined && { metricName }), labels, value, exemplar: readExemplar(exemplar) };
}

function readLabels(given: Record<string, unknown>): Labels | undefined {
  const labels: [string, string][] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!labelForm.test(name)) return undefined;
    labels.push([name, clean(String(value))]);
  }
  return Object.fromEntries(labels);
}

/** An exemplar whose labels have at most the 128 characters that OpenMetrics allows. */
function readExemplar(given: unknown): ForeignExemplar | undefined {
  if (!isRecord(given) || typeof given.value !== 'number' || typeof given.timestamp !== 'number') return undefined;
  const labelSet = readLabels(recordOf(given.labelSet));
  const length = Object.entries(labelSet ?? {}).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return labelSet && length <= 128 ? { labelSet, value: given.value, timestamp: given.timestamp } : undefined;
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A carriage return or another control character loses the whole scrape. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, ' ');
}

/** Every name that the family takes in either format, as `namesOf` says it of our instruments. */
export function foreignNames({ name, type }: ForeignFamily): readonly string[] {
  if (type === 'gauge' || type === 'unknown') return [name];
  const base = type === 'counter' ? name.replace(/_total$/, '') : name;
  const suffixes = type === 'counter' ? ['_total', '_created'] : ['_bucket', '_sum', '_count', '_created'];
  return [base, ...suffixes.map((suffix) => base + suffix)];
}
