/** Changes of the streams of an operation: of their items, and of what both ends rely on. */
import { answerChanges } from './answer-changes.js';
import type { ContractChange, TellChange } from './contract-change.js';
import type { OperationDescription, StreamDescription } from './contract-description.js';

/** What changed, beside the items of a body, which are compared as bodies are. */
export function streamChanges(
  operation: string,
  before: OperationDescription,
  after: OperationDescription,
): ContractChange[] {
  return [
    ...changesOf('stream', operation, before.stream, after.stream),
    ...changesOf('bodyStream', operation, before.bodyStream, after.bodyStream),
  ];
}

function changesOf(
  part: 'stream' | 'bodyStream',
  operation: string,
  before: StreamDescription | undefined,
  after: StreamDescription | undefined,
): ContractChange[] {
  const change: TellChange = (breaks, why, path = '') => ({ operation, part, path, breaks, why });
  const what = part === 'stream' ? 'the answer' : 'the body';
  if (!before && !after) return [];
  if (!before) return [change('old clients', `${what} is a stream now, which old clients do not know`)];
  if (!after) return [change('old clients', `${what} is no stream any more, and old clients take it for one`)];
  if (part === 'bodyStream') return bodyLimits(change, before, after);
  return [
    ...answerChanges(change, before.items, after.items, { gone: '', early: '' }),
    ...resuming(change, before, after),
    ...answerLimits(change, before, after),
  ];
}

function resuming(change: TellChange, before: StreamDescription, after: StreamDescription): ContractChange[] {
  if (before.resumable === after.resumable) return [];
  return before.resumable
    ? [change('old clients', 'it cannot be gone on with any more: what old clients call again begins anew')]
    : [change('new clients', 'it can be gone on with now: at old servers what new clients call again begins anew')];
}

/** Servers write, and clients that have the other contract read. */
function answerLimits(change: TellChange, before: StreamDescription, after: StreamDescription): ContractChange[] {
  const changes: ContractChange[] = [];
  for (const [name, was, is] of limitsOf(before, after)) {
    if (name === 'maxItemBytes' || name === 'heartbeatMs') {
      // A reader refuses larger items, and gives up a writer that is silent for longer, than its own contract says.
      changes.push(change(is > was ? 'old clients' : 'new clients', changed(name, was, is)));
    } else changes.push(change(is < was ? 'old clients' : 'nobody', changed(name, was, is)));
  }
  return changes;
}

/** Clients write, and servers that have the other contract read. */
function bodyLimits(change: TellChange, before: StreamDescription, after: StreamDescription): ContractChange[] {
  return limitsOf(before, after).flatMap(([limit, was, is]) => {
    if (limit === 'heartbeatMs') return [];
    // A file is one item.
    const name = limit === 'maxItemBytes' && after.items.mediaType !== undefined ? 'maxBytes' : limit;
    return [change(is < was ? 'old clients' : 'new clients', changed(name, was, is))];
  });
}

const limitNames = ['idleMs', 'totalMs', 'heartbeatMs', 'maxItemBytes'] as const;

/** Those that differ; one that is not there is infinite. */
function limitsOf(before: StreamDescription, after: StreamDescription) {
  return limitNames.flatMap((name) => {
    const was = before[name] ?? Number.POSITIVE_INFINITY;
    const is = after[name] ?? Number.POSITIVE_INFINITY;
    return was === is ? [] : [[name, was, is] as const];
  });
}

function changed(name: string, was: number, is: number): string {
  return `its ${name} is ${said(is)}, ${said(was)} before`;
}

function said(limit: number): string {
  return limit === Number.POSITIVE_INFINITY ? 'without a limit' : String(limit);
}
