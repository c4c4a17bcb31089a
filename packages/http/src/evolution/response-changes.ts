/** Changes of the answers of an operation, by status. */
import { isDeepStrictEqual } from 'node:util';
import { acceptsAll } from './accepts-all.js';
import { answerChanges } from './answer-changes.js';
import { type ContractChange, type TellChange, whyOf } from './contract-change.js';
import type { OperationDescription, ResponseDescription } from './contract-description.js';
import type { SchemaDescription } from './json-schema.js';

/** What changed between the answers of two versions of an operation. */
export function responseChanges(
  operation: string,
  before: OperationDescription,
  after: OperationDescription,
): ContractChange[] {
  if (!before.responses && !after.responses) {
    const change = changeOf(operation, 'response');
    return answerChanges(change, before.response, after.response, {
      gone: 'there is none any more, and old clients expect one',
      early: 'it is new: old servers answer without a body',
    });
  }
  const [was, is] = [byStatus(before), byStatus(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((status) => {
    const change = changeOf(operation, `response ${status}`);
    const [old, now] = [was.get(status), is.get(status)];
    if (!old) return [change('old clients', 'it is new: old clients expect no answer of this status')];
    if (!now)
      return [
        change('new clients', 'it is gone: new clients expect no answer of this status, and old servers give it'),
      ];
    return [...bodyChanges(change, old.body, now.body), ...headerChanges(change, old.headers, now.headers)];
  });
}

function changeOf(operation: string, part: string): TellChange {
  return (breaks, why, path = '') => ({ operation, part, path, breaks, why });
}

/** An operation with one answer gives it with 200, or 204 for nothing. */
function byStatus({ response, responses }: OperationDescription): ReadonlyMap<string, ResponseDescription> {
  if (responses) return new Map(Object.entries(responses));
  return new Map([response ? ['200', { body: response }] : ['204', {}]]);
}

function bodyChanges(
  change: TellChange,
  before: SchemaDescription | undefined,
  after: SchemaDescription | undefined,
): ContractChange[] {
  return answerChanges(change, before, after, {
    gone: 'it has no body any more, and old clients expect one',
    early: 'it has a body now: old servers answer without one',
  });
}

/** Headers are text that both sides check, and a header that is not named is not looked at. */
function headerChanges(
  tell: TellChange,
  before: SchemaDescription | undefined,
  after: SchemaDescription | undefined,
): ContractChange[] {
  const change: TellChange = (breaks, why, path) => tell(breaks, `headers: ${why}`, path);
  const opaque = before?.opaque ?? after?.opaque;
  if (opaque !== undefined) return [change('unknown', `they cannot be compared: ${opaque}`)];
  if (isDeepStrictEqual(before, after)) return [];
  const none = { type: 'object' };
  const [was, is] = [before?.input ?? none, after?.input ?? none];
  const broken = before ? acceptsAll(was, is) : [];
  if (broken.length > 0)
    return broken.map(({ why, path }) => change('old clients', whyOf('the old contract', why), path));
  const early = after ? acceptsAll(is, was) : [];
  return early.map(({ why, path }) => change('new clients', whyOf('the new contract', why), path));
}
