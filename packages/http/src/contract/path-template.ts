/**
 * Paths of operations: literal segments and `:name` parameters, nothing else. They are taken apart once, when a contract
 * is built, so that a client joins strings and nothing is parsed on a call.
 */
import { isDangerousKey } from '@fwk/kernel';

/** The names of the parameters in a path, as a type: `'/stock/:sku/bins/:bin'` → `'sku' | 'bin'`. */
export type PathParameters<Path extends string> = Path extends `${infer Head}/${infer Rest}`
  ? SegmentParameter<Head> | PathParameters<Rest>
  : SegmentParameter<Path>;

type SegmentParameter<Segment extends string> = Segment extends `:${infer Name}` ? Name : never;

/** A path taken apart. */
export interface PathTemplate {
  readonly path: string;
  /** Names of the parameters in the order in which they stand. */
  readonly parameters: readonly string[];
  /** The path with its parameters' names left out: two operations of equal shape could not be told apart. */
  readonly shape: string;
  /** The path as OpenTelemetry names it: `/stock/{sku}`. */
  readonly route: string;
}

/** Longest path, in characters. */
const maxLength = 512;
const literal = /^[A-Za-z0-9._~-]+$/;
const parameter = /^:[A-Za-z_][A-Za-z0-9_]*$/;

/** Takes a path apart; answers what is wrong with it in words that follow "the path". */
export function parsePath(path: unknown): PathTemplate | string {
  if (typeof path !== 'string') return 'must be a string';
  if (!path.startsWith('/')) return 'must begin with "/"';
  if (path.length > maxLength) return `must have at most ${maxLength} characters`;
  const segments = path === '/' ? [] : path.slice(1).split('/');
  const parameters: string[] = [];
  for (const segment of segments) {
    if (segment === '') return 'must have no empty segment and no "/" at its end';
    if (segment === '.' || segment === '..') return 'must have no "." or ".." segment';
    if (parameter.test(segment)) {
      const name = segment.slice(1);
      if (parameters.includes(name)) return `names the parameter ":${name}" twice`;
      if (isDangerousKey(name)) return `may not name a parameter "${name}"`;
      parameters.push(name);
    } else if (!literal.test(segment)) {
      return `has the segment "${segment}": a segment is made of letters, digits and . _ ~ - or is a parameter like ":sku"`;
    }
  }
  const replaced = (replace: (name: string) => string) =>
    `/${segments.map((segment) => (segment.startsWith(':') ? replace(segment.slice(1)) : segment)).join('/')}`;
  return { path, parameters, shape: replaced(() => ':'), route: replaced((name) => `{${name}}`) };
}

/**
 * Makes the function that fills a path in. Its values are percent-encoded, so that none can leave its segment; a segment
 * that would be empty, `.` or `..` is refused, since it would name another resource.
 * @returns the path, or the name of the parameter whose value cannot stand in a path.
 */
export function pathBuilder(
  template: PathTemplate,
): (values: Readonly<Record<string, string>>) => string | { readonly refused: string } {
  const { path, parameters } = template;
  if (parameters.length === 0) return () => path;
  const parts = path.split(/:[A-Za-z_][A-Za-z0-9_]*/);
  return (values) => {
    let built = parts[0] as string;
    for (let index = 0; index < parameters.length; index++) {
      const name = parameters[index] as string;
      const encoded = encodeSegment(values[name]);
      if (encoded === undefined) return { refused: name };
      built += encoded + parts[index + 1];
    }
    return built;
  };
}

const unreserved = /^[A-Za-z0-9._~-]+$/;

function encodeSegment(value: string | undefined): string | undefined {
  if (value === undefined || value === '' || value === '.' || value === '..') return undefined;
  // Nearly all values need no encoding, and testing is five times cheaper.
  if (unreserved.test(value)) return value;
  try {
    return encodeURIComponent(value);
  } catch {
    // Half of a surrogate pair has no encoding.
    return undefined;
  }
}
