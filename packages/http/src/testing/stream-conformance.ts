/** What conformance asks of operations with streams: how an example body stands on the wire, and what a good stream looks like. */
import assert from 'node:assert/strict';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import { formatOfType } from '../stream/item-format.js';
import { recordReader } from '../stream/record-reader.js';
import { jsonText } from '../wire/json-text.js';
import { formatIssues, validatePart } from '../wire/validate.js';
import { sentOf, validateSent } from '../wire/validate-sent.js';

/** An example body as it stands on the wire: its items as lines, or the pieces of its file. It is a list, since it is sent several times. */
export async function streamedBodyOf(
  { id }: OperationPlan,
  plan: StreamPlan,
  items: unknown,
): Promise<string | Uint8Array> {
  assert.ok(Array.isArray(items), `${id}: the items of the example's body must be a list`);
  if (plan.content.kind === 'bytes') return Buffer.concat(items);
  const lines: string[] = [];
  for (const item of items) {
    const checked = await validateSent(plan.schema, 'body', item);
    assert.equal(checked.issues, undefined, `${id}: ${formatIssues(checked.issues ?? [])}`);
    lines.push(`${jsonText(sentOf(plan.schema, item, checked))}\n`);
  }
  return lines.join('');
}

/** Whether a stream was answered in a form that is known, with items that fit, and with the mark of its end. */
export async function streamsWell(
  { id }: OperationPlan,
  plan: StreamPlan,
  {
    status,
    type,
    bytes,
    text,
  }: { readonly status: number; readonly type: string; readonly bytes: Uint8Array; readonly text: string },
): Promise<void> {
  assert.equal(status, 200, `${id} answered ${status}: ${text.slice(0, 500)}`);
  const format = formatOfType(type);
  assert.ok(format, `${id} answered ${type}, which is no stream`);
  const items: string[] = [];
  let marked = false;
  const reader = recordReader(format, true, plan.maxItemBytes, {
    item: (json) => void items.push(json),
    problem: (document) => assert.fail(`${id} ended its stream with a problem: ${document.slice(0, 500)}`),
    ended() {
      marked = true;
    },
  });
  reader.read(Buffer.from(bytes));
  reader.end();
  assert.ok(marked, `${id} did not mark the end of its stream`);
  for (const [index, json] of items.entries()) {
    const { issues } = await validatePart(plan.schema, 'response', JSON.parse(json));
    assert.equal(issues, undefined, `${id}, item ${index}: ${formatIssues(issues ?? [])}`);
  }
}
