/**
 * Ranges of versions as package managers write them (`^2`, `>=2.3 <3`, `1.x || 2.4.0`), over Semantic Versioning 2.0.0. Versions are
 * compared by precedence alone: `2.4.0-beta` is above `2.3.0` and below `2.4.0`, and belongs to `>=2.3.0`. Build metadata (`+sha`) counts for
 * nothing. A part that is left out of a version is 0.
 */

/** A version as three numbers and the parts of a pre-release; compared by {@link compareVersions}. */
export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** Empty for a release. */
  readonly preRelease: readonly (string | number)[];
}

/** Longer texts are no versions and no ranges. */
const maxLength = 256;

/** Most comparisons of one range. */
const maxComparisons = 32;

/** Reads `2`, `2.3`, `2.3.1`, `v2.3.1-beta.2+sha`. Undefined for what is no version. */
export function parseVersion(text: string): Version | undefined {
  const read = readPartial(text.startsWith('v') ? text.slice(1) : text);
  if (!read || read.given === 0 || (read.given < 3 && read.wild)) return undefined;
  return read.version;
}

/** Below 0 when `a` comes before `b`, above 0 when after, 0 for equal precedence. */
export function compareVersions(a: Version, b: Version): number {
  for (let at = 0; at < 3; at++) {
    const difference = (a.numbers[at] as number) - (b.numbers[at] as number);
    if (difference !== 0) return difference;
  }
  const [first, second] = [a.preRelease, b.preRelease];
  if (first.length === 0 || second.length === 0) return second.length - first.length;
  for (let at = 0; at < Math.min(first.length, second.length); at++) {
    const [one, other] = [first[at] as string | number, second[at] as string | number];
    if (one === other) continue;
    // Numbers come before words.
    if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return first.length - second.length;
}

/** A range that was read: tells whether a version belongs to it; never for what is no version. */
export interface VersionRange {
  (version: string | Version): boolean;
  /** The nearest bounds around a version that belongs to it, so that ranges can be compared. */
  around(version: Version): VersionBounds;
}

/** Between which versions a range reaches; undefined where it has no such bound. */
export interface VersionBounds {
  readonly from: Version | undefined;
  readonly to: Version | undefined;
}

/**
 * Reads a range: comparisons (`>=2.3`, `<3`, `=2.4.0`, `^2.1`, `~2.1.3`, `2.x`, `*`) with spaces between, all of which must hold, and
 * `||` between alternatives. Undefined for what is no range.
 */
export function parseVersionRange(text: string): VersionRange | undefined {
  if (text.length > maxLength) return undefined;
  const alternatives: Bounds[][] = [];
  let comparisons = 0;
  for (const alternative of text.split('||')) {
    const words = alternative.split(' ').filter((word) => word !== '');
    comparisons += words.length;
    const bounds = joined(words).map(boundsOf);
    if (bounds.length === 0 || bounds.includes(undefined) || comparisons > maxComparisons) return undefined;
    alternatives.push(bounds as Bounds[]);
  }
  const holding = (version: Version) => alternatives.find((bounds) => bounds.every((each) => within(version, each)));
  const includes = (given: string | Version): boolean => {
    const version = typeof given === 'string' ? parseVersion(given) : given;
    return version !== undefined && holding(version) !== undefined;
  };
  return Object.assign(includes, { around: (version: Version) => nearest(holding(version) ?? []) });
}

function nearest(bounds: readonly Bounds[]): VersionBounds {
  let from: Version | undefined;
  let to: Version | undefined;
  for (const each of bounds) {
    if (each.from && (!from || compareVersions(each.from, from) > 0)) from = each.from;
    if (each.below && (!to || compareVersions(each.below, to) < 0)) to = each.below;
  }
  return { from, to };
}

/** From the lowest to the first one that does not belong. */
interface Bounds {
  readonly from?: Version | undefined;
  /** The lowest itself does not belong. */
  readonly above?: boolean;
  readonly below?: Version | undefined;
  /** The one that bounds it above belongs. */
  readonly upTo?: boolean;
}

function within(version: Version, { from, above, below, upTo }: Bounds): boolean {
  if (from) {
    const order = compareVersions(version, from);
    if (order < 0 || (above && order === 0)) return false;
  }
  if (!below) return true;
  const order = compareVersions(version, below);
  return order < 0 || (upTo === true && order === 0);
}

const operators = ['>=', '<=', '>', '<', '=', '^', '~'] as const;

/** Puts an operator that stands alone before its version: `>= 2.3`. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = [];
  let operator = '';
  for (const word of words) {
    if (operators.some((known) => known === word) && operator === '') operator = word;
    else {
      whole.push(operator + word);
      operator = '';
    }
  }
  if (operator !== '') whole.push(operator);
  return whole;
}

function boundsOf(word: string): Bounds | undefined {
  const operator = operators.find((known) => word.startsWith(known)) ?? '';
  const rest = word.slice(operator.length);
  const read = readPartial(rest.startsWith('v') ? rest.slice(1) : rest);
  if (!read) return undefined;
  const { version, given } = read;
  const whole = given === 3;
  switch (operator) {
    case '>=':
      return { from: version };
    case '>':
      return whole ? { from: version, above: true } : { from: given === 0 ? nothing : nextAfter(version, given - 1) };
    case '<':
      return given === 0 ? { from: nothing } : { below: version };
    case '<=':
      return whole ? { below: version, upTo: true } : given === 0 ? {} : { below: nextAfter(version, given - 1) };
    case '^':
      return given === 0 ? {} : { from: version, below: nextAfter(version, caretPlace(version, given)) };
    case '~':
      return given === 0 ? {} : { from: version, below: nextAfter(version, Math.min(given - 1, 1)) };
    default:
      if (whole) return { from: version, below: version, upTo: true };
      return given === 0 ? {} : { from: version, below: nextAfter(version, given - 1) };
  }
}

/** The first number that is not 0 must stay; where all given ones are 0, the last given one. */
function caretPlace({ numbers }: Version, given: number): number {
  const place = numbers.findIndex((number, at) => number > 0 && at < given);
  return place >= 0 ? place : given - 1;
}

/** Above every version. */
const nothing: Version = { numbers: [Number.POSITIVE_INFINITY, 0, 0], preRelease: [] };

/** The lowest version with a higher number at this place, its own pre-releases included. */
function nextAfter({ numbers }: Version, place: number): Version {
  const next = numbers.map((number, at) => (at < place ? number : at === place ? number + 1 : 0));
  return { numbers: next as [number, number, number], preRelease: [0] };
}

interface Partial {
  readonly version: Version;
  /** How many of the three numbers are given. */
  readonly given: number;
  /** Whether `x` or `*` stands in it. */
  readonly wild: boolean;
}

function readPartial(text: string): Partial | undefined {
  if (text.length === 0 || text.length > maxLength) return undefined;
  const plus = text.indexOf('+');
  const core = plus < 0 ? text : text.slice(0, plus);
  const dash = core.indexOf('-');
  const parts = (dash < 0 ? core : core.slice(0, dash)).split('.');
  if (parts.length > 3) return undefined;
  const numbers: number[] = [];
  let wild = false;
  for (const part of parts) {
    if (part === 'x' || part === 'X' || part === '*') wild = true;
    else if (wild || !isNumber(part)) return undefined;
    else numbers.push(Number(part));
  }
  const given = numbers.length;
  const preRelease = dash < 0 ? [] : core.slice(dash + 1).split('.');
  if (dash >= 0 && (given < 3 || !preRelease.every((part) => /^[0-9A-Za-z-]+$/.test(part)))) return undefined;
  while (numbers.length < 3) numbers.push(0);
  return {
    version: {
      numbers: numbers as [number, number, number],
      preRelease: preRelease.map((part) => (isNumber(part) ? Number(part) : part)),
    },
    given,
    wild,
  };
}

/** Digits without a leading zero that a number holds exactly. */
function isNumber(text: string): boolean {
  return /^(0|[1-9][0-9]{0,14})$/.test(text);
}
