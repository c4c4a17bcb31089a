import type { Readable } from 'node:stream';
import { currentContext } from '@fwk/kernel';

/** An answer of a management endpoint that is not plain JSON with status 200. */
export class ManagementReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** More headers, or others than usual; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, contentType: string, body: string, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.contentType = contentType;
    this.body = body;
    this.headers = headers;
  }
}

/** An answer that is a file, made while it is sent, so that it may be larger than what fits into memory. */
export class ManagementDownload {
  readonly contentType: string;
  readonly fileName: string;
  readonly #open: () => Promise<Readable>;
  #file: Readable | undefined;

  /** @param open - begins it. Its stream is destroyed at the end, whatever happens. */
  constructor(contentType: string, fileName: string, open: () => Promise<Readable>) {
    this.contentType = contentType;
    this.fileName = fileName;
    this.#open = open;
  }

  /** What is to be sent, once it has begun. */
  get file(): Readable | undefined {
    return this.#file;
  }

  /** Begins it; nobody does for HEAD. */
  async begin(): Promise<this> {
    const file = await this.#open();
    const { cancelled, reason } = currentContext();
    if (cancelled) {
      // Nobody waits for it any more.
      file.destroy();
      throw reason;
    }
    this.#file = file;
    return this;
  }
}
