import { FwkError } from '@fwk/kernel';

/** A call or an answer cannot be written as a message of Mux. Code `FWK_MUX_NOT_WRITTEN`. Nothing of it was sent. */
export class NotWrittenError extends FwkError {
  /** @param reason - follows "a message of Mux cannot be written:" */
  constructor(reason: string) {
    super('FWK_MUX_NOT_WRITTEN', `a message of Mux cannot be written: ${reason}`, {
      details: { reason },
      stackTrace: false,
    });
  }
}
