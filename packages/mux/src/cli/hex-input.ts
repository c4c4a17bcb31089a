import { ProtocolError } from '../protocol-error.js';

/**
 * Input that may be hexadecimal digits, with spaces, line ends and colons between them. A frame begins with a zero byte or a low
 * one, never with a digit, so the first byte decides.
 */
export class HexInput {
  #hex: boolean | undefined;
  /** A digit whose other half has not come. */
  #half = '';

  /** Whether a digit is missing. */
  get odd(): boolean {
    return this.#half !== '';
  }

  /** @throws ProtocolError `FWK_MUX_PROTOCOL` for what is no digit, where the first was one */
  bytesOf(chunk: Buffer): Buffer {
    this.#hex ??= /^\s*[\da-f]/i.test(chunk.toString('latin1', 0, 256));
    if (!this.#hex) return chunk;
    const digits = this.#half + chunk.toString('latin1').replace(/[\s:]/g, '');
    const other = /[^\da-f]/i.exec(digits)?.[0];
    if (other !== undefined) throw new ProtocolError(`"${other}" stands among hexadecimal digits`);
    const whole = digits.length - (digits.length % 2);
    this.#half = digits.slice(whole);
    return Buffer.from(digits.slice(0, whole), 'hex');
  }
}
