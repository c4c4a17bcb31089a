/** Connections that a script lets fail. */
import type { LocalFault } from '../local/local-request.js';

/** A connection that fails. */
export class ConnectionFault extends Error implements LocalFault {
  readonly sent: boolean;
  readonly code: LocalFault['code'];

  /** @param sent - whether the call had been sent */
  constructor(sent: boolean) {
    super(sent ? 'the script breaks the connection' : 'the script refuses the connection');
    this.sent = sent;
    this.code = sent ? 'ECONNRESET' : 'ECONNREFUSED';
  }
}

/** The fake was closed while the call was under way. */
export class FakeClosed extends ConnectionFault {
  override readonly message = 'the fake was closed';

  constructor() {
    super(true);
  }
}
