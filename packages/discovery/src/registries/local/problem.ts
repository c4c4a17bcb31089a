import { type DetailedProblem, isFwkError, problemDocument } from '@fwk/kernel';
import { discoveryErrors } from '../../errors.js';
import { Refusal } from './request-body.js';
import { MalformedError } from './wire.js';

/** What a client is told about an error; undefined for one that is our own fault and nobody else's business. */
export function problemOf(error: unknown): DetailedProblem | undefined {
  if (error instanceof Refusal) return problemDocument(error.status, error.message);
  if (error instanceof MalformedError) return problemDocument(400, error.message);
  if (!isFwkError(error)) return undefined;
  const row = Object.entries(discoveryErrors).find(([code]) => code === error.code)?.[1];
  return row && problemDocument(row.status, error.message, { code: error.code, details: error.details });
}
