/**
 * Text where the schema wants a number or a boolean, and the other way round. Schemas do not say what they want, so their
 * refusal is the question: only values that were refused are read another way, and only when the schema then takes them.
 */
import { issuePath, type StandardIssue } from '@fwk/kernel';
import { parseScalar } from '../format/scalar.js';
import { type ChangeAt, changedAt } from '../tree/changed-at.js';
import type { ConfigPath } from '../tree/path.js';
import { type ConfigTree, valueAt } from '../tree/tree.js';

/** What was written at a path, where its source knows only text; undefined elsewhere. */
export type TextAt = (path: ConfigPath) => string | undefined;

/** The settings with each refused single value read the other way; undefined when there is nothing to read otherwise. */
export function retyped(tree: ConfigTree, issues: readonly StandardIssue[], textAt: TextAt): ConfigTree | undefined {
  const changes: ChangeAt[] = [];
  for (const issue of issues) {
    const path = issuePath(issue);
    const value = path.length === 0 ? undefined : valueAt(tree, path);
    const other = typeof value === 'string' ? fromText(value) : isSingle(value) ? textAt(path) : undefined;
    if (other !== undefined) changes.push({ path, value: other });
  }
  return changes.length === 0 ? undefined : changedAt(tree, changes);
}

/** The issues that are left, in the words that fit what was written, when only some were mended by {@link retyped}. */
export function unmended(first: readonly StandardIssue[], second: readonly StandardIssue[]): readonly StandardIssue[] {
  const left = new Set(second.map((issue) => issuePath(issue).join('\0')));
  return first.filter((issue) => left.has(issuePath(issue).join('\0')));
}

function fromText(text: string): unknown {
  const read = parseScalar(text);
  return typeof read === 'string' ? undefined : read;
}

function isSingle(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}
