import { FwkError } from '@fwk/kernel';

/** The peer sent what Mux does not allow, or more than this end takes. Code `FWK_MUX_PROTOCOL`. It ends the session. */
export class ProtocolError extends FwkError {
  constructor(message: string) {
    super('FWK_MUX_PROTOCOL', message, { stackTrace: false });
  }
}
