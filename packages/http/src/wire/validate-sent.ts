/** Validates what is about to be sent, and writes what a codec encodes. */
import { messageOf, type StandardIssue, type StandardSchema } from '@fwk/kernel';
import { encodeOf } from '../contract/codec.js';
import type { WireIssue } from './problem.js';
import { issuesIn, type Validated, validatePart } from './validate.js';

/**
 * Validates one part that is sent; later only where its schema answers later. The value of a codec is what stands on the wire: it
 * is encoded, decoded, and what came out encoded again, so that fields which the schema does not know stay here.
 */
export function validateSent(
  schema: StandardSchema,
  part: WireIssue['in'],
  value: unknown,
): Validated | Promise<Validated> {
  const encode = encodeOf(schema);
  if (!encode) return validatePart(schema, part, value);
  const written = encoded(encode, part, { value });
  if (written.issues) return written;
  const checked = validatePart(schema, part, written.value);
  return checked instanceof Promise
    ? checked.then((later) => encoded(encode, part, later))
    : encoded(encode, part, checked);
}

function encoded(encode: (value: unknown) => unknown, part: WireIssue['in'], given: Validated): Validated {
  if (given.issues) return given;
  try {
    return { value: encode(given.value) };
  } catch (error) {
    return { issues: issuesIn(part, areIssues(error) ? error.issues : [{ message: messageOf(error) }]) };
  }
}

/** What a client sends of a body: what a codec has made of it, else what was given, so that schemas transform it once, at the server. */
export function sentOf(schema: StandardSchema, given: unknown, validated: Validated | undefined): unknown {
  return validated && !validated.issues && encodeOf(schema) ? validated.value : given;
}

/** Errors of validators say what is wrong in the form of their issues. */
function areIssues(error: unknown): error is { readonly issues: readonly StandardIssue[] } {
  if (typeof error !== 'object' || error === null || !('issues' in error)) return false;
  const { issues } = error;
  return (
    Array.isArray(issues) && issues.length > 0 && issues.every((issue) => typeof Object(issue).message === 'string')
  );
}
