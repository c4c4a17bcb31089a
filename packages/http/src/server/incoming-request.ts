import type { IncomingHttpHeaders } from 'node:http';
import type { Peer } from '../wire/peer.js';
import type { QueryValues } from '../wire/wire-values.js';

/** A request of one operation, read as far as its contract does not matter. */
export interface IncomingRequest {
  /** The target as it was sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: QueryValues;
  /** Address of the direct peer; `unix` at a Unix socket; empty when the connection is gone. */
  readonly address: string;
  /** Who it is by the certificate that was shown. */
  readonly peer: Peer | undefined;
  /** Text; empty for none, and until it has been read. */
  body: string;
}
