/** What all calls of an operation have in common on Mux, encoded once. */
import { type EncodedContexts, encodeContexts, encodeKey } from '@fwk/mux';
import type { ClientOperation, EncodedOperation } from '../calling/operation-request.js';

/** Encodes an operation, or answers what was encoded before. */
export function encodedOperation(operation: ClientOperation): EncodedOperation {
  const { forMux, plan } = operation;
  if (forMux.encoded) return forMux.encoded;
  const contract = plan.id.slice(0, -plan.name.length - 1);
  const encoded = {
    destination: encodeKey(`/${contract}/${plan.name}`),
    headers: encodedHeaders(operation.headers),
    path: plan.params || plan.query ? undefined : plan.template.path,
  };
  forMux.encoded = encoded;
  return encoded;
}

/** Headers that are not sent over Mux, where their values are always the same. */
const ofHttp: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'content-type']);

/** Encodes headers. @param headers - names in lower case and values in turn */
export function encodedHeaders(headers: readonly string[]): EncodedContexts {
  return encodeContexts(headers.filter((_, index) => !ofHttp.has(headers[index & ~1] as string)));
}
