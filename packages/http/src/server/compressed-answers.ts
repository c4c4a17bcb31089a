/** Sends the answers of a server, compressed where that pays. */
import type { ServerResponse } from 'node:http';
import type { CompressionOptions } from '../coding/compression-options.js';
import { compress } from '../coding/expand.js';
import type { WireAnswer } from '../serving/answer.js';
import { answerCoding } from './answer-coding.js';
import type { HttpWire } from './http-request.js';

/** Puts an answer on the wire. @param coding - what its stream is compressed with */
export type SendAnswer = (
  response: ServerResponse,
  answer: WireAnswer,
  load: string | undefined,
  coding?: ReturnType<typeof answerCoding>['coding'],
) => void;

/** Makes what puts answers on the wire. @param options - undefined where nothing is compressed */
export function compressing(options: CompressionOptions | undefined, send: SendAnswer): HttpWire['write'] {
  if (!options) return (response, answer, load) => send(response, answer, load);
  return (response, answer, load) => {
    const { coding, headers } = answerCoding(response.req, answer, options);
    const { body } = answer;
    if (coding === undefined || body === undefined) {
      send(response, { ...answer, headers }, load, coding);
      return;
    }
    compress(coding, body).then(
      (compressed) => {
        // The caller may have left meanwhile.
        if (!response.destroyed) send(response, { ...answer, headers, body: compressed }, load);
      },
      () => response.destroy(),
    );
  };
}
