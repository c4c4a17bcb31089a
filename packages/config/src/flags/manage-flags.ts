/** What operators see of flags. Nothing here changes one: that is done where they are defined, or by an override of the configuration. */
import type { HealthIndicator, ManagementEndpoint } from '@fwk/kernel';
import { parseScalar } from '../format/scalar.js';
import type { FlagContext } from './flag-context.js';
import { flagLimits, targetingKey } from './flag-definition.js';
import type { LiveFlags } from './live-flags.js';

/**
 * - `GET /manage/flags` lists all flags.
 * - `GET /manage/flags/NAME?targetingKey=user-1&country=DE` answers for a context and explains each rule. Attributes are read as
 *   environment variables are: numbers and booleans where they look like it, `'"12"'` for a text; `company.country=DE` is a nested one.
 * - `GET /manage/experiments` compares the variants of experiments.
 */
export function flagEndpoints(flags: LiveFlags): ManagementEndpoint[] {
  return [
    {
      path: 'flags',
      purpose: 'All flags, and which of them have expired.',
      handle: () => ({ version: flags.version, expired: flags.expired(), flags: flags.list() }),
    },
    {
      path: 'flags/:name',
      purpose: 'What a flag answers for the context in the query, and each rule on the way to it.',
      example: { parameter: 'express-checkout', query: 'targetingKey=user-1&country=DE' },
      handle: ({ parameter, query }) => flags.explain(parameter ?? '', contextIn(query)),
    },
    {
      path: 'experiments',
      purpose: 'Compares the variants of experiments: errors, times and other metrics.',
      handle: () => ({ experiments: flags.experiments() }),
    },
  ];
}

/** Most attributes that are read from one query. */
const mostAttributes = 100;
/** Deeper ones are no condition's: conditions look at most so deep. */
const mostParts = flagLimits.conditionDepth;

function contextIn(query: Readonly<Record<string, string>>): FlagContext {
  const attributes: [string, unknown][] = [];
  for (const [name, text] of Object.entries(query).slice(0, mostAttributes)) {
    if (name !== targetingKey) attributes.push([name, parseScalar(text)]);
  }
  return { key: query[targetingKey], attributes: nested(attributes) };
}

/** `company.country` stands inside of `company`. */
function nested(attributes: readonly [string, unknown][]): Record<string, unknown> {
  const root = new Map<string, unknown>();
  for (const [name, value] of attributes) {
    let place = root;
    const parts = name.split('.');
    if (parts.length > mostParts) continue;
    for (const part of parts.slice(0, -1)) {
      const inner = place.get(part);
      const next = inner instanceof Map ? inner : new Map<string, unknown>();
      place.set(part, next);
      place = next;
    }
    place.set(parts.at(-1) ?? '', value);
  }
  return plain(root);
}

function plain(map: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries([...map].map(([name, value]) => [name, value instanceof Map ? plain(value) : value]));
}

/** Names expired flags; they are no fault, so it stays UP. */
export function flagIndicator(flags: LiveFlags): HealthIndicator {
  return {
    name: 'flags',
    check() {
      const expired = flags.expired();
      return expired.length === 0 ? { status: 'UP' } : { status: 'UP', details: { expired: expired.slice(0, 100) } };
    },
  };
}
