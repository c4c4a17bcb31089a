/** Why no endpoint could take a call, in numbers for everybody and in words for the message. */
import type { Endpoint } from '../membership/endpoint.js';
import type { LeftOut } from '../pick/router.js';

/** How many endpoints were left out. */
export interface WhyNone {
  /** By status, or by the rule of the router. */
  readonly filtered: Readonly<Record<string, number>>;
  /** The same with what was found and what was wanted. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Different reasons that are listed; endpoints with any other are counted under one more. */
const MAX_REASONS = 8;
/** Characters of a reason. */
const MAX_LENGTH = 200;

/** @param leftOut - what the router says of an endpoint; undefined where only its status speaks against it. */
export function whyNone(endpoints: readonly Endpoint[], leftOut: (endpoint: Endpoint) => LeftOut | undefined): WhyNone {
  const filtered = new Map<string, number>();
  const reasons = new Map<string, number>();
  for (const endpoint of endpoints) {
    const status = endpoint.instance.status.toLowerCase().replaceAll('_', ' ');
    const found = leftOut(endpoint);
    const { rule, reason } = found ? inWords(found) : { rule: status, reason: status };
    count(filtered, rule);
    count(reasons, reasons.has(reason) || reasons.size < MAX_REASONS ? reason : 'for other reasons');
  }
  return { filtered: Object.fromEntries(filtered), reasons: Object.fromEntries(reasons) };
}

function inWords({ rule, measured, wanted }: LeftOut): { readonly rule: string; readonly reason: string } {
  const reason = `${rule} ${measured} instead of ${wanted}`;
  return { rule, reason: reason.length > MAX_LENGTH ? `${reason.slice(0, MAX_LENGTH)}…` : reason };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
