/**
 * What a request asks for: the path and the query of its target, read strictly. A path with an empty, `.` or `..` segment
 * never matches an operation, also when the dots are percent-encoded: proxies and clients take such a path for another.
 */
import { parseQuery, type QueryValues } from '../wire/wire-values.js';
import { RequestError } from './request-error.js';

/** See the head of this file. */
export interface RequestTarget {
  /** Begins with `/`; still percent-encoded. */
  readonly path: string;
  /** Whether a segment is empty, `.` or `..`. */
  readonly dubious: boolean;
  readonly query: QueryValues;
}

const noQuery: QueryValues = Object.freeze({});
/** Visible ASCII without `#`; anything else must be percent-encoded, and clients never send what follows a `#`. */
const urlText = /^[\x21\x22\x24-\x7e]*$/;
const schemeAndHost = /^https?:\/\/[^/?#]*/i;

/**
 * Reads the target of a request.
 * @param url - as Node gives it: `/path?query`, or a whole URL.
 * @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` when it is not valid percent-encoded UTF-8.
 */
export function readTarget(url: string): RequestTarget {
  if (!urlText.test(url)) throw malformed('the path has characters that must be percent-encoded');
  const mark = url.indexOf('?');
  const path = pathOf(mark === -1 ? url : url.slice(0, mark));
  return { path, dubious: isDubious(path), query: mark === -1 ? noQuery : queryOf(url.slice(mark + 1)) };
}

/** The path of a target for messages, never failing. */
export function instanceOf(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 ? url : url.slice(0, mark);
}

function pathOf(given: string): string {
  if (given.startsWith('/')) return given;
  return given.replace(schemeAndHost, '') || '/';
}

function isDubious(path: string): boolean {
  const encoded = path.includes('%');
  if (path.length === 1) return false;
  // Most paths have none of these.
  if (!encoded && !path.includes('.') && !path.includes('//') && !path.endsWith('/')) return false;
  const segments = path.slice(1).split('/');
  return segments.map((segment) => (encoded ? decode(segment) : segment)).some(isEmptyOrDots);
}

function isEmptyOrDots(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..';
}

function queryOf(text: string): QueryValues {
  const query = parseQuery(text);
  if (typeof query === 'object') return query;
  throw malformed(query);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw malformed('the path is not a valid URL path: its percent-encoding is broken or not UTF-8');
  }
}

function malformed(message: string): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_MALFORMED', message);
}
