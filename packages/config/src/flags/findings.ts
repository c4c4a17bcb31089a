import { nearestName, type StandardIssue } from '@fwk/kernel';

/** Most issues that are told of one reading. */
const mostIssues = 100;

/** Collects what is wrong with definitions, each with its path. */
export class Findings {
  readonly issues: StandardIssue[] = [];

  /** @param problem - in words that stand behind the path. */
  add(path: readonly string[], problem: string): void {
    if (this.issues.length < mostIssues) this.issues.push({ path, message: problem });
  }

  /** Adds that the value must be otherwise, unless `words` says that it is right. */
  must(path: readonly string[], words: string | undefined): boolean {
    if (words !== undefined) this.add(path, `must be ${words}`);
    return words === undefined;
  }
}

/**
 * Adds each key that is not known.
 * @param what - whose keys they are, such as `a flag`.
 */
export function refuseUnknown(
  value: object,
  known: readonly string[],
  what: string,
  path: readonly string[],
  findings: Findings,
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const meant = nearestName(key, known);
    const hint = meant === undefined ? '' : `, perhaps "${meant}" is meant`;
    findings.add([...path, key], `is not known${hint}; ${what} has ${known.join(', ')}`);
  }
}
