import { isFwkError } from '@fwk/kernel';
import { discoveryErrors } from '../../errors.js';
import { Refusal } from './request-body.js';
import { MalformedError } from './wire.js';

/** A problem document: what a client is told instead of an answer. */
export interface Problem {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly code?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a client is told about an error; undefined for one that is our own fault and nobody else's business. */
export function problemOf(error: unknown): Problem | undefined {
  const type = 'about:blank';
  if (error instanceof Refusal) return { type, status: error.status, detail: error.message };
  if (error instanceof MalformedError) return { type, status: 400, detail: error.message };
  if (!isFwkError(error)) return undefined;
  const row = Object.entries(discoveryErrors).find(([code]) => code === error.code)?.[1];
  return row && { type, status: row.status, detail: error.message, code: error.code, details: error.details };
}
