import { type AnswerWriter, ContextReader, ContextWriter, FrameOutput, type ServedMuxCall } from '@fwk/mux';
import { expect, test } from 'vitest';
import { sendAnswer } from './mux-answer.js';

/** The keys of the contexts of a refusal with a document of that size. */
function keysOf(documentBytes: number): string[] {
  const keys: string[] = [];
  const call: Pick<ServedMuxCall, 'answer'> = {
    answer: (_, writer: AnswerWriter) => {
      const output = new FrameOutput();
      output.begin(-2, 2);
      const contexts = new ContextWriter(output);
      contexts.begin();
      writer.writeContexts(contexts);
      contexts.end();
      output.end();
      const bytes = Buffer.concat(output.take().map((taken) => taken.bytes));
      const reader = new ContextReader(bytes, 8, bytes.length);
      while (reader.next()) keys.push(reader.key);
    },
  };
  const body = JSON.stringify({ detail: 'x'.repeat(documentBytes - 13) });
  sendAnswer(call as ServedMuxCall, {
    status: 503,
    contentType: undefined,
    headers: undefined,
    body,
    notProcessed: true,
  });
  return keys;
}

test('says a refusal without its document where that is too long for a context', () => {
  expect(keysOf(32_767)).toEqual(['fwk-status', 'MuxFailure', 'fwk-problem']);
  expect(keysOf(32_768)).toEqual(['fwk-status', 'MuxFailure']);
});
