import type { StandardResult, StandardSchema } from '@fwk/kernel';
import { settings } from '../settings/settings.js';
import type { SettingsDefinition } from '../settings/settings-definition.js';
import { type ConfigTree, isTree, kindOf } from '../tree/tree.js';
import { checkFlag } from './check-flag.js';
import { checkRequires } from './check-requires.js';
import { Findings } from './findings.js';
import { type FlagDefinitions, flagLimits } from './flag-definition.js';

/** Where flags stand in the configuration. */
export const flagsPath = 'flags';

/** Checks all flags at once and answers them as they are; each problem has its path. */
export const flagsSchema: StandardSchema<unknown, FlagDefinitions> = Object.freeze({
  '~standard': Object.freeze({ version: 1, vendor: 'fwk', validate: checkFlags }),
});

/** The part of the configuration that has the flags: checked with every edit of the whole. */
export const flagsSection: SettingsDefinition<FlagDefinitions> = settings(flagsPath, flagsSchema);

function checkFlags(value: unknown): StandardResult<FlagDefinitions> {
  const findings = new Findings();
  if (!isTree(value)) {
    findings.must([], `an object of flags by name, not ${kindOf(value)}`);
    return { issues: findings.issues };
  }
  const names = Object.keys(value);
  if (names.length > flagLimits.flags) findings.must([], `at most ${flagLimits.flags} flags, not ${names.length}`);
  for (const name of names.slice(0, flagLimits.flags)) {
    if (name.length > flagLimits.text) findings.add([name], `has a name above ${flagLimits.text} characters`);
    checkFlag(value[name], [name], findings);
  }
  checkRequires(value, [], findings);
  checkPolicies(value, findings);
  return findings.issues.length > 0 ? { issues: findings.issues } : { value: value as FlagDefinitions };
}

/** One policy with two flags would have options of two variants at once. */
function checkPolicies(flags: ConfigTree, findings: Findings): void {
  const flagOf = new Map<string, string>();
  for (const [name, flag] of Object.entries(flags)) {
    if (!isTree(flag) || typeof flag.policy !== 'string') continue;
    const other = flagOf.get(flag.policy);
    if (other === undefined) flagOf.set(flag.policy, name);
    else findings.add([name, 'policy'], `is the policy of "${other}" already; a policy follows one flag`);
  }
}
