import { issuePath, type StandardIssue, type StandardSchema } from '@fwk/kernel';
import type { WireIssue } from './problem.js';

/** Most issues that are reported of one part; a hostile body must not make the answer larger than itself. */
const maxIssues = 100;
const maxMessageLength = 500;

/** What validating one part gave: its value, or what is wrong with it. */
export type Validated = { readonly value: unknown; readonly issues?: undefined } | { readonly issues: WireIssue[] };

/**
 * Validates one part of a request or answer. Answers at once when the schema does, so that most calls await nothing.
 * What the schema throws is thrown on.
 */
export function validatePart(
  schema: StandardSchema,
  part: WireIssue['in'],
  value: unknown,
): Validated | Promise<Validated> {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) return result.then((later) => (later.issues ? refused(part, later.issues) : later));
  return result.issues ? refused(part, result.issues) : result;
}

function refused(part: WireIssue['in'], issues: readonly StandardIssue[]): Validated {
  return { issues: issuesIn(part, issues) };
}

/** Issues of one part as they are told, bounded. */
export function issuesIn(part: WireIssue['in'], issues: readonly StandardIssue[]): WireIssue[] {
  return issues.slice(0, maxIssues).map((issue) => ({
    in: part,
    path: issuePath(issue).join('.').slice(0, maxMessageLength),
    message: issue.message.slice(0, maxMessageLength),
  }));
}

/** Issues in one line, for messages: `body.sku: expected string; query.page: expected number`. */
export function formatIssues(issues: readonly WireIssue[]): string {
  const shown = issues.slice(0, 5).map((issue) => `${issue.in}${issue.path && `.${issue.path}`}: ${issue.message}`);
  return shown.join('; ') + (issues.length > shown.length ? `; and ${issues.length - shown.length} more` : '');
}
