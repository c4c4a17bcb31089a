import { Refusal } from './request-body.js';

/** Names on a page, at most and where nothing else is asked for. */
const PAGE_LENGTH = 1000;

/** A part of a long list. */
export interface Page {
  /** The names on it, sorted. */
  readonly names: readonly string[];
  /** What to ask for as `after` to get the next one; undefined on the last. */
  readonly next: string | undefined;
}

/**
 * Makes what cuts lists of names down to the page that a query asks for by `after` and `limit`.
 * @throws Refusal 400
 */
export function pager(query: URLSearchParams): (names: Iterable<string>) => Page {
  const after = query.get('after');
  const limit = query.get('limit');
  if (limit !== null && !(/^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= PAGE_LENGTH)) {
    throw new Refusal(400, `limit must be 1 to ${PAGE_LENGTH}`);
  }
  const length = limit === null ? PAGE_LENGTH : Number(limit);
  return (all) => {
    const rest = [...all].filter((name) => after === null || name > after).sort();
    const names = rest.slice(0, length);
    return { names, next: rest.length > length ? names.at(-1) : undefined };
  };
}
