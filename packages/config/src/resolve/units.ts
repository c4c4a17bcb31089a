/** Durations and sizes as people write them: `500ms`, `1.5s`, `2MiB`. */
import type { ConfigPath } from '../tree/path.js';

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const bytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/**
 * Milliseconds of a duration such as `500ms`, `1.5s`, `2m` (or `2min`), `1h`, `7d`; undefined for every other text.
 * @example z.union([z.number(), z.string().transform(readDurationMs)])
 */
export function readDurationMs(text: string): number | undefined {
  return read(text, milliseconds);
}

/** Bytes of a size such as `512B`, `64kB`, `2MiB`, `1.5GB`; undefined for every other text. `kB` is 1000, `KiB` 1024 bytes. */
export function readSizeBytes(text: string): number | undefined {
  const size = read(text, bytes);
  return size === undefined || Number.isInteger(size) ? size : undefined;
}

/**
 * The number that a text stands for under a name that says its unit: milliseconds below `timeoutMs`, seconds below
 * `ttlSeconds`, bytes below `maxBytes`. Every other text stays as it is. Items of a list take the name of the list.
 */
export function inUnit(text: string, path: ConfigPath): unknown {
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? '';
  if (/(?:[a-z\d]Ms|[_-]ms)$/.test(name)) return readDurationMs(text) ?? text;
  if (/(?:[a-z\d]Seconds|[_-]seconds)$/.test(name)) {
    const ms = readDurationMs(text);
    return ms === undefined ? text : ms / 1000;
  }
  if (/(?:[a-z\d]Bytes|[_-]bytes)$/.test(name)) return readSizeBytes(text) ?? text;
  return text;
}

function read(text: string, units: Readonly<Record<string, number>>): number | undefined {
  if (text.length > 30) return undefined;
  const parts = /^\s*(\d+(?:\.\d+)?) ?([A-Za-z]+)\s*$/.exec(text);
  const factor = parts?.[2] === undefined || !Object.hasOwn(units, parts[2]) ? undefined : units[parts[2]];
  if (factor === undefined) return undefined;
  // Rounded where binary fractions show: 2.3 s are 2300 ms, not 2299.9999999999995.
  const value = Math.round(Number(parts?.[1]) * factor * 1e6) / 1e6;
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}
