const headEnd = '\r\n\r\n';

/** Reads the answers that arrive on one connection, one at a time, however their bytes are cut. */
export class AnswerReader {
  #text = '';

  /**
   * @param {Buffer} chunk
   * @returns {{ status: number, body: string } | undefined} the answer, once it has arrived whole
   * @throws Error when the answer does not say its length, or more has arrived than one answer
   */
  push(chunk) {
    this.#text += chunk.toString('latin1');
    const end = this.#text.indexOf(headEnd);
    if (end < 0) return undefined;
    const head = this.#text.slice(0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without content-length: ${head}`);
    const begin = end + headEnd.length;
    const missing = begin + Number(length) - this.#text.length;
    if (missing > 0) return undefined;
    if (missing < 0) throw new Error('more arrived than one answer');
    const body = this.#text.slice(begin);
    this.#text = '';
    return { status: Number(head.slice(9, 12)), body };
  }
}
