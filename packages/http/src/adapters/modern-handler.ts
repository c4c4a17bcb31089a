/**
 * Handlers come in two forms: Node 20 and 22 have an undici in them whose `fetch` gives the old one, later ones give the new.
 * We work with the new one.
 */
import type { Dispatcher } from 'undici';
import type { DispatchHandler } from './dispatch-types.js';

type Controller = Dispatcher.DispatchController;
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A handler of the new form that tells one of any form. */
export function modernHandler(handler: DispatchHandler): DispatchHandler {
  return 'onRequestStart' in handler && typeof handler.onRequestStart === 'function'
    ? handler
    : new ModernHandler(handler);
}

class ModernHandler implements DispatchHandler {
  readonly #handler: DispatchHandler;

  constructor(handler: DispatchHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller): void {
    // Its `abort` may be called without a reason.
    this.#handler.onConnect?.((reason?: Error) => controller.abort(reason ?? new Error('aborted')));
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, statusText = ''): void {
    const raw = controller.rawHeaders;
    const given = isRaw(raw) ? raw : rawOf(headers);
    if (this.#handler.onHeaders?.(status, given, () => controller.resume(), statusText) === false) controller.pause();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(_controller: Controller, trailers: Headers): void {
    this.#handler.onComplete?.(rawOf(trailers).map((bytes) => bytes.toString('latin1')));
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#handler.onError?.(error);
  }
}

function isRaw(raw: unknown): raw is Buffer[] {
  return Array.isArray(raw) && (raw.length === 0 || Buffer.isBuffer(raw[0]));
}

function rawOf(headers: Headers | undefined): Buffer[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => (each === undefined ? [] : [bytes(name), bytes(each)])),
  );
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
