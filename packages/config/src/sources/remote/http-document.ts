/**
 * A document behind an address: fetched with a limit of time and size, asked for again only when it has changed (ETag), and looked
 * at now and then. Redirections are not followed, so that a token goes nowhere else, and a page of HTML is no document: proxies and
 * log-in pages answer so, with status 200.
 */
import { type CallContext, type Clock, type Env, messageOf, type Timer } from '@fwk/kernel';
import { ConfigError, type ConfigErrorCode } from '../../errors.js';

/** The body of an answer; undefined, and the rest is not read, when it is longer. */
export async function readBody({ body }: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** How a document is fetched. */
export interface HttpDocumentOptions {
  /** Sent with each request, such as `authorization`. @defaultValue {} */
  readonly headers: Readonly<Record<string, string>>;
  /** Limit of one request, 10 to 600 000 milliseconds. @defaultValue 5000 */
  readonly timeoutMs: number;
  /** Mean time between looks, drawn anew each time between ¾ and 1¼ of it, 100 to 86 400 000 milliseconds. @defaultValue 30000 */
  readonly pollMs: number;
  /** Largest document, 1 to 67 108 864 bytes. @defaultValue 1048576 */
  readonly maxBytes: number;
}

/** What was fetched. */
export interface Fetched {
  readonly text: string;
  /** In lower case, without parameters; empty where the server says none. */
  readonly type: string;
  readonly etag: string | undefined;
}

/** One document. */
export class HttpDocument {
  readonly #name: string;
  readonly #url: string;
  readonly #options: HttpDocumentOptions;
  /** What was fetched last; an unchanged document is not sent again. */
  #last: Fetched | undefined;
  /** What whoever loads knows: the document, or why it cannot be had; undefined before the first load. */
  #known: Fetched | string | undefined;

  /** @param name - for messages; must hold no secret. */
  constructor(name: string, url: string, options: HttpDocumentOptions) {
    this.#name = name;
    this.#url = url;
    this.#options = options;
  }

  /** @throws ConfigError `FWK_CONFIG_SOURCE_UNREACHABLE`, `FWK_CONFIG_SOURCE_FORMAT`, `FWK_CONFIG_FILE_TOO_LARGE`. */
  async load(call: CallContext, env: Env): Promise<Fetched> {
    try {
      const fetched = await this.#fetch(env.clock, call);
      this.#known = fetched;
      return fetched;
    } catch (error) {
      this.#known = messageOf(error);
      throw error;
    }
  }

  /** Calls `changed` when the document is another than was loaded, cannot be had, for whatever new reason, or can be had again. */
  watch(changed: () => void, env: Env): Disposable {
    let closed = false;
    let timer: Timer | undefined;
    let stop = (): void => {};
    const look = async () => {
      const fetched = await this.#fetch(env.clock, undefined, (end) => {
        stop = end;
      }).catch(messageOf);
      if (closed) return;
      if (fetched !== this.#known) changed();
      next();
    };
    const next = () => {
      timer = env.clock.setTimer(() => void look(), this.#options.pollMs * (0.75 + env.random() / 2), true);
    };
    next();
    return {
      [Symbol.dispose]() {
        closed = true;
        stop();
        if (timer) env.clock.clearTimer(timer);
      },
    };
  }

  async #fetch(clock: Clock, call?: CallContext, onStop: (stop: () => void) => void = () => {}): Promise<Fetched> {
    if (call?.cancelled) throw call.reason;
    const { timeoutMs, headers } = this.#options;
    const controller = new AbortController();
    const late = new Error(`no answer within ${timeoutMs} ms`);
    const timer = clock.setTimer(() => controller.abort(late), timeoutMs, true);
    const cancelled = call?.onCancel((reason) => controller.abort(reason));
    onStop(() => controller.abort(late));
    const etag = this.#last?.etag;
    try {
      const response = await fetch(this.#url, {
        headers: {
          accept: 'application/json, application/yaml, text/yaml',
          ...headers,
          ...(etag !== undefined && { 'if-none-match': etag }),
        },
        redirect: 'manual',
        signal: controller.signal,
      });
      if (response.status === 304 && this.#last) {
        await response.body?.cancel();
        return this.#last;
      }
      return this.#taken(response, await this.#read(response));
    } catch (error) {
      if (call?.cancelled) throw call.reason;
      throw error instanceof ConfigError ? error : this.#failure(controller.signal.aborted ? late : error);
    } finally {
      clock.clearTimer(timer);
      cancelled?.[Symbol.dispose]();
    }
  }

  #taken({ headers }: Response, text: string): Fetched {
    const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    // No settings begin so, in YAML or JSON: a page may begin with a comment, or with a declaration of XML.
    if (type.includes('html') || /^\s*</.test(text)) {
      throw this.#error(
        'FWK_CONFIG_SOURCE_FORMAT',
        'it answers a page of HTML or XML, not a document of settings; check the address',
      );
    }
    const etag = headers.get('etag') ?? undefined;
    // The same text is the same document, also from servers that give no ETag or another one each time.
    if (this.#last?.text === text && this.#last.type === type) return this.#last;
    this.#last = { text, type, etag };
    return this.#last;
  }

  async #read(response: Response): Promise<string> {
    const { status } = response;
    const { maxBytes } = this.#options;
    if (status !== 200) {
      await response.body?.cancel();
      const isRedirection = status >= 300 && status < 400 && status !== 304;
      const advice = isRedirection ? '; redirections are not followed, give the address itself' : '';
      throw this.#error('FWK_CONFIG_SOURCE_UNREACHABLE', `it answers with status ${status}${advice}`);
    }
    const content = await readBody(response, maxBytes);
    if (!content)
      throw this.#error('FWK_CONFIG_FILE_TOO_LARGE', `the document is above the limit of ${maxBytes} bytes`);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(content);
    } catch (cause) {
      throw this.#error('FWK_CONFIG_FILE_ENCODING', 'the document is not valid UTF-8', cause);
    }
  }

  #failure(cause: unknown): ConfigError {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    return this.#error('FWK_CONFIG_SOURCE_UNREACHABLE', `it cannot be reached: ${messageOf(inner)}`, cause);
  }

  #error(code: ConfigErrorCode, message: string, cause?: unknown): ConfigError {
    return new ConfigError(code, message, { origin: { source: this.#name }, cause });
  }
}
