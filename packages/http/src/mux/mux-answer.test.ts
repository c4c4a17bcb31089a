import {
  type AnswerWriter,
  ContextReader,
  ContextWriter,
  dispatchStatus,
  FrameOutput,
  type ServedMuxCall,
} from '@fwk/mux';
import { expect, test } from 'vitest';
import { sendAnswer } from './mux-answer.js';

/** The status of a refusal with a document of that size, the keys of its contexts, and the bytes of its payload. */
function refusal(documentBytes: number) {
  const keys: string[] = [];
  let said: { readonly status: number; readonly payloadBytes: number } | undefined;
  const call: Pick<ServedMuxCall, 'answer'> = {
    answer: (status, writer: AnswerWriter) => {
      const output = new FrameOutput();
      output.begin(-2, 2);
      const contexts = new ContextWriter(output);
      contexts.begin();
      writer.writeContexts(contexts);
      contexts.end();
      const headBytes = output.bytes;
      writer.writePayload(output);
      said = { status, payloadBytes: output.bytes - headBytes };
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
  return { ...said, keys };
}

test('says a refusal as an error where its document is too long for a context', () => {
  const keys = ['fwk-status', 'MuxFailure'];
  expect(refusal(32_767)).toEqual({ status: dispatchStatus.nack, payloadBytes: 0, keys: [...keys, 'fwk-problem'] });
  expect(refusal(32_768)).toEqual({ status: dispatchStatus.error, payloadBytes: 32_768, keys });
});
