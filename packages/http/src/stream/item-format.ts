/** The two forms of a stream on the wire, by their content types, and which of them a caller wants. */
import type { ItemFormat } from '../contract/item-stream.js';

const lines = 'application/x-ndjson';
const events = 'text/event-stream';

/** Content types by form; servers answer the first unless another was asked for. */
const typesOf: Readonly<Record<ItemFormat, readonly string[]>> = Object.freeze({
  ndjson: [lines, 'application/ndjson', 'application/jsonl', 'application/x-jsonlines', 'application/json-lines'],
  events: [events],
});

/** The content type that typed clients ask for. */
export function typeOfFormat(format: ItemFormat): string {
  return format === 'ndjson' ? lines : events;
}

/** The form that a content type names; undefined for any other. */
export function formatOfType(contentType: string): ItemFormat | undefined {
  const type = (contentType.split(';', 1)[0] as string).trim().toLowerCase();
  if (typesOf.ndjson.includes(type)) return 'ndjson';
  return type === events ? 'events' : undefined;
}

/** What a stream is answered as. */
export interface ChosenFormat {
  readonly format: ItemFormat;
  readonly contentType: string;
}

/** Longest `Accept` that is read, in characters. */
const MAX_ACCEPT = 2000;

/**
 * Chooses by `Accept`: the form of highest quality, of equal ones the preferred.
 * @param preferred - where anything is accepted, or nothing is said.
 * @returns undefined where neither form is accepted
 */
export function chooseFormat(accept: string | undefined, preferred: ItemFormat): ChosenFormat | undefined {
  if (accept === undefined || accept.trim() === '') return { format: preferred, contentType: typeOfFormat(preferred) };
  const ranges = accept.slice(0, MAX_ACCEPT).split(',').map(rangeOf);
  const order: readonly ItemFormat[] = preferred === 'ndjson' ? ['ndjson', 'events'] : ['events', 'ndjson'];
  let best: ChosenFormat | undefined;
  let bestQuality = 0;
  for (const format of order) {
    for (const contentType of typesOf[format]) {
      const quality = qualityOf(contentType, ranges);
      if (quality > bestQuality) {
        best = { format, contentType };
        bestQuality = quality;
      }
    }
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function rangeOf(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range decides (RFC 9110, 12.5.1). */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const group = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const wanted of [type, group, '*/*']) {
    const range = ranges.find((each) => each.type === wanted);
    if (range) return range.quality;
  }
  return 0;
}
