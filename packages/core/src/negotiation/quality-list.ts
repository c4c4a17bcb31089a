/**
 * Lists with weights, as in the headers `Accept` and `Accept-Encoding` (RFC 9110, 12.4.2): `gzip;q=0.5, *;q=0`. Read in
 * linear time; a part that is malformed weighs nothing.
 */
export interface QualityEntry {
  /** In lower case. */
  readonly value: string;
  /** The parameters before `q`, in lower case, as they are written: `version=1.0.0`. */
  readonly parameters: readonly string[];
  /** 0 (refused) to 1. */
  readonly q: number;
}

/** Most entries that are read; real headers have a handful. */
const maxEntries = 64;

/** Reads a header; nothing for one that is absent. */
export function readQualityList(header: string | undefined): readonly QualityEntry[] {
  const entries: QualityEntry[] = [];
  for (const part of (header ?? '').split(',', maxEntries)) {
    const [value = '', ...rest] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (value === '') continue;
    const at = rest.findIndex((parameter) => parameter.startsWith('q='));
    const q = at < 0 ? 1 : weight(rest[at]?.slice(2) ?? '');
    entries.push({ value, parameters: at < 0 ? rest : rest.slice(0, at), q });
  }
  return entries;
}

function weight(text: string): number {
  const q = Number(text === '' ? Number.NaN : text);
  return q >= 0 ? Math.min(q, 1) : 0;
}
