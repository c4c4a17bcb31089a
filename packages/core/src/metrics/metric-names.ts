import type { InstrumentSpec, Labels } from '@fwk/kernel';
import { InstrumentInvalidError } from './instrument-invalid-error.js';

/**
 * From OpenTelemetry's names to Prometheus': dots become underscores, the unit comes before the type's suffix, and
 * nothing is said twice. Label values are cleaned, since they may come from a request.
 */

/** Longest label value that is kept, in characters; longer ones are cut. */
const maxLabelLength = 128;

/** Most labels of a series, and longest name of one, in characters. */
const maxLabels = 64;
const maxLabelNameLength = 200;

/** Labels that the formats keep for themselves: the bounds of histograms and summaries. */
const reservedLabels: ReadonlySet<string> = new Set(['le', 'quantile']);

/** `http.server.request.duration` in seconds → `http_server_request_duration_seconds`; counters end in `_total`. */
export function prometheusName(spec: InstrumentSpec, kind: 'counter' | 'gauge' | 'histogram'): string {
  let name = spec.name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=[0-9])/, '_');
  if (kind === 'counter') name = name.replace(/_total$/, '') || name;
  const unit = spec.unit?.replace(/[^a-zA-Z0-9_]/g, '_');
  if (unit && !name.endsWith(`_${unit}`)) name += `_${unit}`;
  return kind === 'counter' ? `${name}_total` : name;
}

/** A label name that Prometheus takes; names that begin with two underscores are its own. */
function labelName(name: string): string {
  return name
    .replace(/[^a-zA-Z0-9_]/g, '_')
    .replace(/^(?=[0-9])/, '_')
    .replace(/^__+/, '_');
}

/**
 * Labels sorted by name, with clean names and values, so that equal labels are one series whatever their order.
 * @param instrument - whose labels they are, for the error.
 * @throws InstrumentInvalidError for names that are empty, reserved or twice there, and values that are no texts,
 * numbers or booleans.
 */
export function cleanLabels(instrument: string, labels: Labels): readonly (readonly [string, string])[] {
  if (typeof labels !== 'object' || labels === null) {
    throw new InstrumentInvalidError(instrument, 'needs labels that are an object of names and values');
  }
  const entries = Object.entries(labels);
  if (entries.length > maxLabels) {
    throw new InstrumentInvalidError(instrument, `has ${entries.length} labels; at most ${maxLabels} are taken`);
  }
  const clean = new Map<string, string>();
  for (const [given, value] of entries) {
    if (given.length > maxLabelNameLength) {
      const shown = given.slice(0, 40);
      throw new InstrumentInvalidError(
        instrument,
        `has a label whose name, "${shown}…", has ${given.length} characters; at most ${maxLabelNameLength} are taken`,
      );
    }
    const name = labelName(given);
    if (name === '' || reservedLabels.has(name) || clean.has(name)) throw badLabel(instrument, given, name);
    clean.set(name, cleanValue(instrument, name, value));
  }
  return [...clean].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
}

function badLabel(instrument: string, given: string, name: string): InstrumentInvalidError {
  const why = name === '' ? 'has no name' : reservedLabels.has(name) ? 'is reserved by scrapers' : 'is there twice';
  return new InstrumentInvalidError(instrument, `has a label "${given}" that ${why}; give it another name`, {
    label: given,
  });
}

function cleanValue(instrument: string, name: string, value: unknown): string {
  if (typeof value !== 'string' && !['number', 'boolean', 'bigint'].includes(typeof value)) {
    throw new InstrumentInvalidError(
      instrument,
      `has a label "${name}" whose value is ${value === null ? 'null' : `of type ${typeof value}`}; give a text`,
      { label: name },
    );
  }
  // Control characters, line ends among them, would break the exposition for every other series, and halves of
  // characters would become equal when they are sent.
  const text = wellFormed(String(value).slice(0, maxLabelLength));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ');
}

/** The text with each half of a character replaced, as sending it would do. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
