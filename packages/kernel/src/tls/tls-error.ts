import { FwkError } from '../errors/fwk-error.js';

/**
 * Authorities, certificate or key cannot be used. Code `FWK_KERNEL_TLS_INVALID`; it names the file or the option and the
 * reason, and shows nothing of what is in it.
 */
export class TlsInvalidError extends FwkError {
  /** What is wrong, without the name of the owner. */
  readonly problem: string;

  /**
   * @param owner - who was given them.
   * @param source - `keyFile /etc/tls/tls.key`, or the option alone.
   */
  constructor(owner: string, source: string, problem: string, cause?: unknown) {
    super('FWK_KERNEL_TLS_INVALID', `${owner}: ${source} cannot be used for TLS: ${problem}`, {
      cause,
      details: { owner, source, problem },
    });
    this.problem = `${source}: ${problem}`;
  }
}
