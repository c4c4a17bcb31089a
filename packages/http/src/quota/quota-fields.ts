/**
 * The `RateLimit` and `RateLimit-Policy` fields of the IETF's drafts (draft-ietf-httpapi-ratelimit-headers), which are structured fields
 * (RFC 9651):
 *
 *     07:     RateLimit: limit=100, remaining=50, reset=30           RateLimit-Policy: 100;w=60
 *     08 on:  RateLimit: "default";r=50;t=30                         RateLimit-Policy: "default";q=100;w=60
 *
 * Quotas of something else than requests (`qu`), such as bytes, say nothing about calls.
 */
import type { QuotaNews } from '@fwk/resilience';
import { LONGEST_RESET_MS } from './plain-quota.js';

/** Reads both fields; an empty list for what is malformed. */
export type FieldParser = (field: string, policy: string | undefined) => readonly QuotaNews[];

type Fields = typeof import('structured-headers');
type Parameters = ReadonlyMap<string, unknown>;

/** Loads what reads structured fields. */
export async function loadFieldParser(): Promise<FieldParser> {
  const fields = await import('structured-headers');
  return (field, policy) => {
    const policies = policiesIn(fields, policy);
    return (itemsIn(fields, field) ?? membersIn(fields, field))
      .filter(({ name }) => policies.get(name)?.countsRequests !== false)
      .flatMap(({ name, remaining, resetSeconds, limit }) => {
        const { quota, windowSeconds } = policies.get(name) ?? {};
        const seconds = resetSeconds ?? windowSeconds;
        if (remaining === undefined || seconds === undefined || seconds * 1000 > LONGEST_RESET_MS) return [];
        const windowMs = windowSeconds === undefined ? undefined : windowSeconds * 1000;
        return [{ name, remaining, resetMs: seconds * 1000, limit: limit ?? quota, windowMs }];
      });
  };
}

interface Told {
  readonly name: string;
  readonly remaining: number | undefined;
  readonly resetSeconds: number | undefined;
  readonly limit?: number | undefined;
}

/** From draft 08 on: a list of named quotas. */
function itemsIn(fields: Fields, field: string): readonly Told[] | undefined {
  const list = attempt(() => fields.parseList(field));
  const told = list?.flatMap(([value, parameters]) => {
    const name = nameOf(fields, value);
    if (name === undefined || !parameters.has('r')) return [];
    return [{ name, remaining: count(parameters.get('r')), resetSeconds: count(parameters.get('t')) }];
  });
  return told?.length ? told : undefined;
}

/** Draft 07: a dictionary of one quota. */
function membersIn({ parseDictionary }: Fields, field: string): readonly Told[] {
  const members = attempt(() => parseDictionary(field));
  const member = (name: string) => count(members?.get(name)?.[0]);
  return [{ name: '', remaining: member('remaining'), resetSeconds: member('reset'), limit: member('limit') }];
}

interface Policy {
  readonly quota: number | undefined;
  readonly windowSeconds: number | undefined;
  readonly countsRequests: boolean;
}

/** By name; draft 07 has no names, and the number itself is the quota. */
function policiesIn(fields: Fields, policy: string | undefined): ReadonlyMap<string, Policy> {
  const list = policy === undefined ? undefined : attempt(() => fields.parseList(policy));
  return new Map(
    (list ?? []).flatMap(([value, parameters]: readonly [unknown, Parameters]): (readonly [string, Policy])[] => {
      const quota = typeof value === 'number' ? count(value) : count(parameters.get('q'));
      const name = typeof value === 'number' ? '' : nameOf(fields, value);
      if (name === undefined) return [];
      const unit = parameters.get('qu');
      const countsRequests = unit === undefined || nameOf(fields, unit) === 'requests';
      return [[name, { quota, windowSeconds: count(parameters.get('w')), countsRequests }] as const];
    }),
  );
}

/** Text and tokens may be names. */
function nameOf({ Token }: Fields, value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : value instanceof Token ? value.toString() : undefined;
  return text !== undefined && text.length <= 64 ? text : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    // Malformed fields are ignored as a whole (RFC 9651, section 4.2).
    return undefined;
  }
}
