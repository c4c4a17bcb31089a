/** What a frame says, as plain data. */
import { isSecretName, mask, messageOf, redactText } from '@fwk/kernel';
import { readCallBody } from '../codec/call-body.js';
import { ContextReader } from '../codec/context-reader.js';
import { framerKey, readInit } from '../codec/init-headers.js';
import { countedHeadBytes, messageTypes, tags } from '../codec/message-types.js';
import { uint16, uint32 } from '../codec/numbers.js';
import { finagleValue } from './finagle-values.js';

/** A frame as it is printed; members that mean nothing for its type are missing. */
export interface ShownFrame {
  /** Bytes before it. */
  readonly offset: number;
  /** Name of its type; undefined for an unknown one. */
  readonly type: string | undefined;
  readonly number: number;
  readonly tag: number;
  /** The size as it stands in the frame: the bytes that follow the size field. */
  readonly size: number;
  /** Whether it is a part of a message, and which. */
  readonly fragment?: 'first' | 'further' | 'last';
  readonly [member: string]: unknown;
  /** What is wrong with it. */
  readonly problem?: string;
}

/** A frame as it was read. */
export interface RawFrame {
  readonly offset: number;
  readonly type: number;
  readonly tag: number;
  readonly body: Buffer;
}

/** Most characters of a text that are shown, and most bytes of what is not text. */
const shownText = 200;
const shownBytes = 48;

const names = new Map<number, string>(
  Object.entries(messageTypes).map(([name, number]) => [number, name.replace(/^old/, '')]),
);
const statuses = ['ok', 'error', 'nack'];

/** @param begun - messages whose fragments are still to come; kept from frame to frame */
export function describeFrame(frame: RawFrame, begun: Set<string>, showSecrets: boolean): ShownFrame {
  const { offset, type, body } = frame;
  const tag = frame.tag & tags.last;
  const message = `${type} ${tag}`;
  const more = (frame.tag & tags.fragment) !== 0;
  const part: ShownFrame['fragment'] = more
    ? begun.has(message)
      ? 'further'
      : 'first'
    : begun.delete(message)
      ? 'last'
      : undefined;
  if (more) begun.add(message);
  const name = names.get(type);
  const head: ShownFrame = {
    offset,
    type: name,
    number: type,
    tag,
    size: body.length + countedHeadBytes,
    ...(part && { fragment: part }),
  };
  if (name === undefined) return { ...head, problem: 'its type is unknown' };
  const show = new Shower(showSecrets);
  if (part === 'further' || part === 'last') return { ...head, payload: show.bytes(body) };
  try {
    return { ...head, ...show.body(name, body) };
  } catch (error) {
    // The rest of it may stand in the next fragment.
    if (part === 'first') return { ...head, payload: show.bytes(body) };
    return { ...head, payload: show.bytes(body), problem: messageOf(error) };
  }
}

class Shower {
  readonly #showSecrets: boolean;

  constructor(showSecrets: boolean) {
    this.#showSecrets = showSecrets;
  }

  body(name: string, body: Buffer): Record<string, unknown> {
    switch (name) {
      case 'Tdispatch':
        return this.#dispatch(body);
      case 'Rdispatch':
        return this.#answer(body);
      case 'Tinit':
      case 'Rinit': {
        const { version, headers } = readInit(body, 0, body.length);
        const shown = [...headers].map(([key, value]) => [
          key,
          key === framerKey ? uint32(value, 0) : this.bytes(value),
        ]);
        return { version, headers: Object.fromEntries(shown) };
      }
      case 'Tdiscarded':
        if (body.length < 3) throw new Error('its body is cut off');
        return { discarded: (Number(body[0]) << 16) | uint16(body, 1), why: this.bytes(body.subarray(3)) };
      case 'Tlease':
        if (body.length < 9) throw new Error('its body is cut off');
        return { unit: body[0], lease: Number(body.readBigUInt64BE(1)) };
      case 'Rerr':
        return { text: this.bytes(body) };
      default:
        return body.length > 0 ? { payload: this.bytes(body) } : {};
    }
  }

  /** Bytes as text where they are UTF-8, else as hexadecimal digits; shortened. */
  bytes(bytes: Buffer): string {
    // The part that is shown may end amid a character.
    const text = bytes.subarray(0, shownText * 4).toString('utf8');
    const known = bytes.length > shownText * 4 ? text.slice(0, -1) : text;
    if (known.includes('\ufffd')) {
      const more = bytes.length > shownBytes ? `… (${bytes.length} bytes)` : '';
      return `0x${bytes.toString('hex', 0, shownBytes)}${more}`;
    }
    const masked = this.#showSecrets ? known : redactText(known);
    if (masked.length <= shownText && bytes.length <= shownText * 4) return masked;
    return `${masked.slice(0, shownText)}… (${bytes.length} bytes)`;
  }

  #dispatch(body: Buffer): Record<string, unknown> {
    const { destination, payloadBegin } = readCallBody(body, 0, body.length);
    const payload = body.subarray(payloadBegin);
    const contexts = this.#contexts(new ContextReader(body, 0, body.length));
    const target = targetOf(payload);
    if (target === undefined) return { destination, contexts, payload: this.bytes(payload) };
    const rest = payload.subarray(2 + target.length);
    return {
      destination,
      contexts,
      target: this.bytes(payload.subarray(2, 2 + target.length)),
      payload: this.bytes(rest),
    };
  }

  #answer(body: Buffer): Record<string, unknown> {
    const status = statuses[Number(body[0])];
    if (status === undefined) throw new Error('its status is not 0, 1 or 2');
    const reader = new ContextReader(body, 1, body.length);
    const contexts = this.#contexts(reader);
    return { status, contexts, payload: this.bytes(body.subarray(reader.skipAll())) };
  }

  #contexts(reader: ContextReader): Record<string, unknown> {
    const contexts: [string, unknown][] = [];
    while (reader.next()) {
      const { key } = reader;
      const secret = !this.#showSecrets && isSecretName(key, reader.text);
      contexts.push([key, secret ? mask : (finagleValue(reader) ?? this.bytes(reader.value))]);
    }
    return Object.fromEntries(contexts);
  }
}

/** The request target that our own services put before the body; undefined where a payload does not begin with one. */
function targetOf(payload: Buffer): string | undefined {
  if (payload.length < 2) return undefined;
  const length = uint16(payload, 0);
  if (2 + length > payload.length) return undefined;
  const target = payload.toString('latin1', 2, 2 + length);
  return /^(?:\/[!-~]*)?$/.test(target) ? target : undefined;
}
