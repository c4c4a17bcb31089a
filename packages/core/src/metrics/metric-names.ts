import type { InstrumentSpec, Labels } from '@fwk/kernel';

/**
 * From OpenTelemetry's names to Prometheus': dots become underscores, the unit comes before the type's suffix, and
 * nothing is said twice. Label values are cleaned, since they may come from a request.
 */

/** Longest label value that is kept, in characters; longer ones are cut. */
export const maxLabelLength = 128;

/** `http.server.request.duration` in seconds → `http_server_request_duration_seconds`; counters end in `_total`. */
export function prometheusName(spec: InstrumentSpec, kind: 'counter' | 'gauge' | 'histogram'): string {
  let name = spec.name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=[0-9])/, '_');
  if (kind === 'counter') name = name.replace(/_total$/, '');
  const unit = spec.unit?.replace(/[^a-zA-Z0-9_]/g, '_');
  if (unit && !name.endsWith(`_${unit}`)) name += `_${unit}`;
  return kind === 'counter' ? `${name}_total` : name;
}

/** A label name that Prometheus takes; names that begin with two underscores are its own. */
export function labelName(name: string): string {
  return name
    .replace(/[^a-zA-Z0-9_]/g, '_')
    .replace(/^(?=[0-9])/, '_')
    .replace(/^__+/, '_');
}

/** Labels sorted by name, with clean names and values, so that equal labels are one series whatever their order. */
export function cleanLabels(labels: Labels): readonly (readonly [string, string])[] {
  return Object.entries(labels)
    .map(([name, value]) => [labelName(name), cleanValue(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
}

function cleanValue(value: unknown): string {
  // Control characters, line ends among them, would break the exposition for every other series.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
  const text = String(value).replace(/[\u0000-\u001f\u007f]/g, ' ');
  return text.length > maxLabelLength ? text.slice(0, maxLabelLength) : text;
}
