/** One call within the process, with nothing checked and nothing added, as a foreign client would send it. */
import { parseTrace } from '@fwk/core';
import type { LocalCall, LocalServing } from '../local/local-server.js';
import type { WireAnswer } from '../serving/answer.js';
import { HeaderRecord, isCarriedHeader } from '../serving/header-record.js';
import type { StreamSink } from '../serving/stream-sink.js';
import type { RequestHead } from '../serving/whole-request.js';
import { headerNames, readDeadlineMs } from '../wire/headers.js';
import type { MuxReceived, MuxSent } from './mux-exchange.js';

/** What is sent. */
export interface LocallySent extends Omit<MuxSent, 'url'> {
  readonly server: LocalServing;
}

/** Sends it. @throws Error when the server is closed meanwhile, or takes no calls, by its promise */
export function exchangeLocally(sent: LocallySent): Promise<MuxReceived> {
  return new Promise((resolve, reject) => {
    const { server, signal } = sent;
    if (!server.open) throw new Error('the server takes no calls');
    const served = server.serve(new OneLocalCall(sent, resolve, reject));
    signal?.addEventListener('abort', () => {
      served?.gone();
      reject(signal.reason);
    });
  });
}

class OneLocalCall implements LocalCall {
  readonly #sent: LocallySent;
  readonly #resolve: (received: MuxReceived) => void;
  readonly #reject: (error: Error) => void;

  constructor(sent: LocallySent, resolve: (received: MuxReceived) => void, reject: (error: Error) => void) {
    this.#sent = sent;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get destination(): string {
    return this.#sent.destination;
  }

  get url(): string {
    return this.#sent.target;
  }

  get body(): string | Uint8Array | undefined {
    return this.#sent.body;
  }

  head(): RequestHead {
    const given = this.#sent.headers ?? {};
    const record = new HeaderRecord();
    for (const [name, value] of Object.entries(given)) if (isCarriedHeader(name)) record.add(name, value);
    const trace = parseTrace({
      traceparent: given[headerNames.traceparent],
      tracestate: given[headerNames.tracestate],
    });
    return { headers: record.headers, trace, remainingMs: readDeadlineMs(given[headerNames.deadlineMs]) };
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    yield Buffer.from(this.#sent.body ?? '');
  }

  answered(answer: WireAnswer): void {
    if (answer.stream) answer.stream.start(new Collected((text) => this.#received({ ...answer, body: text })));
    else this.#received(answer);
  }

  #received({ status, contentType, body, headers }: WireAnswer): void {
    const lower = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    const bytes = Buffer.from(body ?? '');
    this.#resolve({ status, headers: { ...type, ...Object.fromEntries(lower) }, text: bytes.toString(), bytes });
  }

  lost(): void {
    this.#reject(new Error('the server was closed'));
  }
}

/** All records of a stream. */
class Collected implements StreamSink {
  drained: (() => void) | undefined;
  readonly #whole: (text: string) => void;
  #text = '';

  constructor(whole: (text: string) => void) {
    this.#whole = whole;
  }

  write(text: string): boolean {
    this.#text += text;
    return true;
  }

  end(text: string): void {
    this.#whole(this.#text + text);
  }

  destroy(): void {
    this.#whole(this.#text);
  }
}
