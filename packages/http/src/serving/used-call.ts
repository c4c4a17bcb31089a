import type { UsedCall } from '@fwk/core';
import type { ServedAnswer } from './answer.js';
import type { IncomingRequest } from './incoming-request.js';

/** What a request used: by whom, as its certificate proves or else as it says, how long, and how many bytes of bodies. */
export function usedCall(
  { peer, caller, body }: Pick<IncomingRequest, 'peer' | 'caller' | 'body'>,
  timeMs: number,
  status: number,
  answer: ServedAnswer['body'],
): UsedCall {
  const proven = peer && (peer.name || peer.names[0] || peer.fingerprint);
  return {
    caller: proven || caller,
    proven: Boolean(proven),
    timeMs,
    failed: status >= 500,
    requestBytes: bytesOf(body),
    responseBytes: answer === undefined ? 0 : bytesOf(answer),
  };
}

function bytesOf(body: string | Uint8Array): number {
  return body.length === 0 ? 0 : Buffer.byteLength(body);
}
