/** What schemas find wrong, one setting each. */
import { issuePath, type StandardIssue } from '@fwk/kernel';
import type { ConfigIssue } from '../errors.js';
import type { ConfigPath } from '../tree/path.js';

/** Completes an issue with what only the caller knows: which text in it is secret, and where the value was set. */
export type IssueTeller = (path: ConfigPath, message: string) => Omit<ConfigIssue, 'path'>;

/** One issue for each key, where a schema lists beside the path those that it does not know, as zod does. */
export function oneForEachKey(issues: readonly StandardIssue[]): readonly StandardIssue[] {
  return issues.flatMap((issue) => {
    const keys = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys : [];
    if (keys.length === 0) return [issue];
    return keys.map((key) => ({ path: [...issuePath(issue), String(key)], message: 'is not known to the schema' }));
  });
}
