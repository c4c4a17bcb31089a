import { ProtocolError } from '../protocol-error.js';

/**
 * Input as raw bytes, or as hexadecimal digits with spaces, line ends and colons between them. The first character decides: a frame
 * that begins with the byte of a digit or letter would be larger than any that is taken.
 */
export class HexInput {
  #hex: boolean | undefined;
  /** The first digit of a pair whose second has not arrived. */
  #half = '';

  /** Whether the number of digits is odd so far. */
  get odd(): boolean {
    return this.#half !== '';
  }

  /** Returns the bytes of a piece of input. @throws ProtocolError `FWK_MUX_PROTOCOL` for another character among the digits */
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
