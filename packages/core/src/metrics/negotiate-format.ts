import { type QualityEntry, readQualityList } from '../negotiation/quality-list.js';

/** The two formats of the exposition. */
export type ExpositionFormat = 'openmetrics' | 'prometheus';

/** A media type that a server offers. */
export interface Offer {
  readonly type: string;
  /** Versions of the format that its readers also understand. */
  readonly versions: readonly string[];
}

const offers: Readonly<Record<ExpositionFormat, Offer>> = Object.freeze({
  openmetrics: { type: 'application/openmetrics-text', versions: ['1.0.0', '0.0.1'] },
  prometheus: { type: 'text/plain', versions: ['0.0.4'] },
});

/**
 * Chooses the format for an `Accept` header by its weights (RFC 9110, 12.5.1): of the ranges that fit a format the most
 * precise one counts. At equal weight OpenMetrics is taken where it is named, plain text otherwise; and plain text when
 * neither is accepted, since a scraper is better served by that than by an error.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const ranges = readQualityList(accept);
  const open = weigh(ranges, offers.openmetrics);
  const plain = weigh(ranges, offers.prometheus);
  if (open.q === 0) return 'prometheus';
  return open.q > plain.q || (open.q === plain.q && open.precision >= 3) ? 'openmetrics' : 'prometheus';
}

/**
 * The weight of the most precise range that fits; of equally precise ones the highest. The precision is 3 or more where the
 * range names the type.
 */
export function weigh(
  ranges: readonly QualityEntry[],
  offer: Offer,
): { readonly q: number; readonly precision: number } {
  let best = { q: 0, precision: 0 };
  for (const { value, parameters, q } of ranges) {
    const precision = precisionOf(value, parameters, offer);
    if (precision > best.precision || (precision > 0 && precision === best.precision && q > best.q)) {
      best = { q, precision };
    }
  }
  return best;
}

/** 0 for a range that does not fit, 1 for any type, 2 for a type with any subtype, 3 for its name, 4 with its version. */
function precisionOf(range: string, parameters: readonly string[], { type, versions }: Offer): number {
  if (range === '*/*') return 1;
  if (range === `${type.slice(0, type.indexOf('/'))}/*`) return 2;
  if (range !== type) return 0;
  const version = parameters.find((parameter) => parameter.startsWith('version='))?.slice('version='.length);
  if (version === undefined) return 3;
  return versions.includes(version.replaceAll('"', '')) ? 4 : 0;
}
