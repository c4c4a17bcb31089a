/** Changes of what servers send and clients check. */
import { isDeepStrictEqual } from 'node:util';
import { jsonContent } from '../contract/content.js';
import { acceptsAll } from './accepts-all.js';
import { type ContractChange, type TellChange, whyOf } from './contract-change.js';
import type { SchemaDescription } from './json-schema.js';

/**
 * Whether what servers send changed, and whom that breaks. Servers send what the schema answers; clients check it with their own.
 * @param why - what is told where there is none any more, and where there was none
 */
export function answerChanges(
  change: TellChange,
  before: SchemaDescription | undefined,
  after: SchemaDescription | undefined,
  why: { readonly gone: string; readonly early: string },
): ContractChange[] {
  const opaque = before?.opaque ?? after?.opaque;
  // The same schema may be opaque on both sides; nobody can tell whether it is.
  if (opaque !== undefined) return [change('unknown', `it cannot be compared: ${opaque}`)];
  if (isDeepStrictEqual(before, after)) return [];
  if (!before) return [change('new clients', why.early)];
  if (!after) return [change('old clients', why.gone)];
  const moved = mediaTypeChange(before, after);
  if (moved) return [change('old clients', moved)];
  const broken = acceptsAll(before.input ?? true, after.output ?? true);
  if (broken.length > 0)
    return broken.map((each) => change('old clients', whyOf('the old contract', each.why), each.path));
  const early = acceptsAll(after.input ?? true, before.output ?? true);
  return early.map((each) => change('new clients', whyOf('the new contract', each.why), each.path));
}

/** Why nobody who expects the one takes the other; undefined where both are of one media type. */
export function mediaTypeChange(before: SchemaDescription, after: SchemaDescription): string | undefined {
  const [was, is] = [before.mediaType ?? jsonContent.type, after.mediaType ?? jsonContent.type];
  return was === is ? undefined : `it is ${is}, no longer ${was}`;
}
