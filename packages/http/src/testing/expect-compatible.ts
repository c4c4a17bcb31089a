/** Checks for the tests of a contract: a change that breaks those who use it fails before it is published. */
import { AssertionError } from 'node:assert';
import type { AnyContract } from '../contract/contract-types.js';
import { compareContracts } from '../evolution/compare-contracts.js';
import { comparisonText } from '../evolution/comparison-text.js';
import type { ContractDescription } from '../evolution/contract-description.js';

export { readDescription as readContract } from '../evolution/read-description.js';

/** Options of {@link expectCompatible}. */
export interface ExpectCompatibleOptions {
  /** Lets parts pass whose schemas cannot be compared. @defaultValue false */
  readonly allowUnknown?: boolean;
  /**
   * Lets a change pass that breaks clients of the older contract, when the version goes up as far as that needs: for those who
   * serve both versions for a while. @defaultValue false
   */
  readonly allowMajor?: boolean;
  /**
   * Whether the version must have gone up as far as the changes need; false for those who raise it only when they publish.
   * @defaultValue true
   */
  readonly checkVersion?: boolean;
}

/**
 * Expects that clients of one version of a contract work with servers of another, and that the version says how much has changed. A
 * team that serves a contract compares its last release with what it is about to publish; a team that calls one compares the version
 * that it has with the one that is served.
 * @param older - what clients have: a contract, or what {@link readContract} read.
 * @param newer - what servers are to have.
 * @throws AssertionError of `node:assert` that says of each change whom it breaks and why.
 * @example expectCompatible(await readContract('inventory-1.4.0.json'), inventory)
 */
export function expectCompatible(
  older: AnyContract | ContractDescription,
  newer: AnyContract | ContractDescription,
  { allowUnknown = false, allowMajor = false, checkVersion = true }: ExpectCompatibleOptions = {},
): void {
  const comparison = compareContracts(older, newer);
  const { breaking, unknown, versionFits, from, to, changes } = comparison;
  if ((versionFits || !checkVersion) && (!breaking || allowMajor) && (!unknown || allowUnknown)) return;
  throw new AssertionError({
    message: comparisonText(comparison).trimEnd(),
    actual: { version: to, changes },
    expected: { version: `compatible with ${from}`, changes: [] },
    operator: 'expectCompatible',
  });
}
