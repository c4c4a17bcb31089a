/** Settings of this package that take effect while a service runs. */
import type { Rule, Tunable, TunableTable } from '@fwk/kernel';
import { flagsPath } from './flags/flags-schema.js';

const flagsByName: Rule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : 'an object of feature flags by name';

/** See the head of this file; docs/tunables.md lists them. */
export const configTunables = Object.freeze({
  flags: {
    path: flagsPath,
    defaultValue: Object.freeze({}),
    rule: flagsByName,
    summary: 'The feature flags with their rules, roll-outs and experiments; docs/flags.md explains each part.',
  } satisfies Tunable<object>,
}) satisfies TunableTable;
