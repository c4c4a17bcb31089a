import { durationBuckets, type HistogramSpec, type InstrumentSpec } from '@fwk/kernel';
import { InstrumentInvalidError } from './instrument-invalid-error.js';
import { prometheusName, wellFormed } from './metric-names.js';

/**
 * What an instrument is, checked when it is made: one that scrapers cannot read would cost the whole scrape, at which
 * nobody could say any more who asked for it.
 */
export interface CheckedSpec {
  readonly kind: InstrumentKind;
  /** OpenTelemetry's name. */
  readonly name: string;
  readonly prometheusName: string;
  readonly help: string;
  readonly unit: string | undefined;
  /** Upper bounds of a histogram; empty for other kinds. */
  readonly bounds: readonly number[];
}

export type InstrumentKind = 'counter' | 'gauge' | 'histogram';

/** Longest name of an instrument, in characters. */
const maxNameLength = 200;

/** Most buckets of a histogram; each costs a line a series. */
const maxBuckets = 200;

const kinds: readonly unknown[] = ['counter', 'gauge', 'histogram'];

/**
 * Checks a spec and copies it, so that nobody changes it later. A missing help is the name.
 * @throws InstrumentInvalidError.
 */
export function checkSpec(kind: InstrumentKind, spec: InstrumentSpec & HistogramSpec): CheckedSpec {
  if (typeof spec !== 'object' || spec === null) {
    throw new InstrumentInvalidError(spec, 'has no spec; give { name, help }');
  }
  const { name, help, unit, buckets } = spec;
  if (typeof name !== 'string' || !/[a-zA-Z0-9]/.test(name) || name.length > maxNameLength) {
    throw new InstrumentInvalidError(
      name,
      `needs a name with a letter or digit and at most ${maxNameLength} characters, such as "orders.placed"`,
    );
  }
  if (!kinds.includes(kind)) throw new InstrumentInvalidError(name, `must be one of ${kinds.join(', ')}`);
  if (help !== undefined && typeof help !== 'string') {
    throw new InstrumentInvalidError(name, `needs a help that is a text, not ${kindOf(help)}`);
  }
  if (unit !== undefined && (typeof unit !== 'string' || unit.length > maxNameLength)) {
    throw new InstrumentInvalidError(name, 'needs a unit that is a short text, such as "seconds"');
  }
  return Object.freeze({
    kind,
    name,
    prometheusName: prometheusName(spec, kind),
    help: help?.trim() ? cleanHelp(help) : name,
    unit: unit || undefined,
    bounds: kind === 'histogram' ? checkBuckets(name, buckets) : [],
  });
}

function checkBuckets(name: string, buckets: readonly number[] | undefined): readonly number[] {
  if (buckets === undefined) return durationBuckets;
  if (!Array.isArray(buckets) || buckets.length > maxBuckets) {
    throw new InstrumentInvalidError(name, `needs buckets that are a list of at most ${maxBuckets} numbers`);
  }
  for (const [index, bound] of buckets.entries()) {
    const rising = index === 0 || bound > buckets[index - 1];
    if (typeof bound === 'number' && Number.isFinite(bound) && rising) continue;
    throw new InstrumentInvalidError(
      name,
      `needs buckets that are finite numbers, each above the one before; bucket ${index + 1} is ${show(bound)} (the one up to infinity is always there)`,
      { bucket: index },
    );
  }
  return Object.freeze([...buckets]);
}

function cleanHelp(help: string): string {
  // Line feeds are escaped by the exposition; no other control character belongs there.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
  return wellFormed(help.replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, ' '));
}

/**
 * Every name that an instrument takes in either format: its family and its samples. Two instruments that share one
 * would make the exposition ambiguous. `_created` is reserved by OpenMetrics.
 */
export function namesOf({ kind, prometheusName }: CheckedSpec): readonly string[] {
  if (kind === 'gauge') return [prometheusName];
  const family = kind === 'counter' ? prometheusName.replace(/_total$/, '') : prometheusName;
  const suffixes = kind === 'counter' ? ['_total', '_created'] : ['_bucket', '_sum', '_count', '_created'];
  return [family, ...suffixes.map((suffix) => family + suffix)];
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : `of type ${kindOf(value)}`;
}
