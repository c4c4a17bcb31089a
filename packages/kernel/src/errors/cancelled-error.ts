import { FwkError } from './fwk-error.js';

/** Why a context ended when its owner gave no reason of its own. Code `FWK_KERNEL_CANCELLED`. */
export class CancelledError extends FwkError {
  constructor(message = 'the call was cancelled by its caller') {
    super('FWK_KERNEL_CANCELLED', message, { traits: { outcome: 'ignored' } });
  }
}
