/**
 * Where the attempts of one logical call went, so that the next one goes elsewhere. Who makes attempts (retry, hedging) does
 * not know callees, and who chooses a callee (a balancer) does not know attempts; this is what they tell each other.
 *
 * A call of one attempt pays nothing for it: a balancer says where a failed attempt went by its error, which it has in its hands
 * anyway, and a second attempt is told by its context. Only hedging gives its first attempt a list too, since the second is
 * sent before the first has ended.
 */
import { type ContextKey, contextKey } from './context-key.js';

/** Callees of one logical call that failed it or are being asked, the latest last; a balancer keeps it. Opaque to others. */
export type TriedCallees = object[];

/** Those of this call's other attempts; undefined where there is none that anybody knows of. */
export const triedKey: ContextKey<TriedCallees | undefined> = contextKey<TriedCallees | undefined>(
  'tried',
  undefined,
  true,
);

/** Most callees that are remembered of a call: work that makes many calls within one attempt must not fill the memory. */
const MOST_TRIED = 16;
/** Errors are wrapped by layers; a longer chain of causes is a loop or a story. */
const DEEPEST = 5;

const triedBy = new WeakMap<object, TriedCallees>();

/** For balancers: an attempt goes to this callee, or has failed there. */
export function addTried(tried: TriedCallees, callee: object): void {
  const at = tried.indexOf(callee);
  if (at >= 0) tried.splice(at, 1);
  else if (tried.length >= MOST_TRIED) tried.shift();
  tried.push(callee);
}

/** For balancers: tells where an attempt went that ended so, and those before it. Without effect where the ending is no object. */
export function tellTried(ending: unknown, tried: TriedCallees): void {
  if (typeof ending === 'object' && ending !== null) triedBy.set(ending, tried);
}

/** For who makes attempts: where an attempt went that ended so, and those before it; also where the error was wrapped. */
export function triedUntil(ending: unknown): TriedCallees | undefined {
  let current = ending;
  for (let depth = 0; depth < DEEPEST && typeof current === 'object' && current !== null; depth++) {
    const tried = triedBy.get(current);
    // A copy, since one error may end several calls.
    if (tried) return [...tried];
    current = 'cause' in current ? current.cause : undefined;
  }
  return undefined;
}
