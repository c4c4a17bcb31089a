/**
 * The part of configuration that policies are read from: plain data. What else it contains, such as functions, would have no
 * meaning after a restart. Lists and null are taken only where an option says that it takes any data.
 */
import { fixed, type Rule } from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { kindFields } from './kind-field.js';
import { keeps } from './policy-options.js';

const MAX_DEPTH = 4;
const MAX_DATA_DEPTH = 8;
const MAX_DATA_PARTS = 1000;

/** How paths of options end that take any data, such as `.fallback` and `.retry.backoff`. */
const dataPaths: readonly string[] = canonicalOrder.flatMap(({ field, single, anyData }) =>
  anyData.map((name) => (name === single ? `.${field}` : `.${field}.${name}`)),
);

/**
 * The part of a value that is plain data.
 * @param problems - takes the paths of all that is left out.
 */
export function plainPart(value: unknown, path: string, problems: string[], depth = 0): unknown {
  if (takesAnyData(path)) return keeps(anyData, path, value, problems) ? value : undefined;
  if (!keeps(plainAt(depth), path, value, problems)) return undefined;
  if (!isPlain(value)) return value;
  const parts = Object.entries(value).map(([key, held]) => [
    key,
    plainPart(held, `${path}.${key}`, problems, depth + 1),
  ]);
  return Object.fromEntries(parts.filter(([key, part]) => part !== undefined || value[key as string] === undefined));
}

function takesAnyData(path: string): boolean {
  if (dataPaths.some((end) => path.endsWith(end))) return true;
  return kindFields().some(({ name, anyData = false }) => anyData && path.endsWith(`.${name}`));
}

function isScalar(value: unknown): boolean {
  return value === undefined || ['number', 'string', 'boolean'].includes(typeof value);
}

function plainAt(depth: number): Rule {
  return fixed((value) => {
    if (isScalar(value)) return undefined;
    if (!isPlain(value)) return value === null ? 'plain data, such as {} for the defaults' : 'plain data';
    return depth > MAX_DEPTH ? `plain data of at most ${MAX_DEPTH} levels` : undefined;
  });
}

/** What JSON can hold, within bounds. */
const anyData: Rule = fixed((value) => {
  let parts = 0;
  const isData = (part: unknown, depth: number): boolean => {
    if (++parts > MAX_DATA_PARTS || depth > MAX_DATA_DEPTH) return false;
    if (isScalar(part) || part === null) return true;
    if (Array.isArray(part)) return part.every((held) => isData(held, depth + 1));
    return isPlain(part) && Object.values(part).every((held) => isData(held, depth + 1));
  };
  return isData(value, 1) ? undefined : `plain data of at most ${MAX_DATA_DEPTH} levels and ${MAX_DATA_PARTS} parts`;
});
