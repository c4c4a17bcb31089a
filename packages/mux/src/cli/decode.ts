/** Prints the frames of a capture while it is being read. At most one frame is held in memory. */
import type { Readable, Writable } from 'node:stream';
import { FrameReader, type FrameReceiver } from '../codec/frame-reader.js';
import { countedHeadBytes, headBytes } from '../codec/message-types.js';
import { ProtocolError } from '../protocol-error.js';
import { describeFrame, type ShownFrame } from './describe-frame.js';
import { HexInput } from './hex-input.js';
import { linesOf } from './print-frame.js';

/** Most bytes of a frame; input that claims a larger one is not Mux. */
const maxFrameBytes = 64 * 1024 * 1024;

/** How frames are shown. */
export interface DecodeOptions {
  /** One JSON object a line. */
  readonly json: boolean;
  readonly showSecrets: boolean;
}

class Shown implements FrameReceiver {
  receiving = true;
  /** Where the next frame begins. */
  offset = 0;
  wrong = 0;
  readonly #showSecrets: boolean;
  /** Messages of which a fragment has been seen that was not the last, by type and tag. */
  readonly #begun = new Set<string>();
  readonly #frames: ShownFrame[] = [];

  constructor(showSecrets: boolean) {
    this.#showSecrets = showSecrets;
  }

  frame(type: number, tag: number, bytes: Buffer, begin: number, end: number): void {
    const { offset } = this;
    this.offset += headBytes + end - begin;
    const shown = describeFrame(
      { offset, type, tag, body: bytes.subarray(begin, end) },
      this.#begun,
      this.#showSecrets,
    );
    if (shown.problem !== undefined) this.wrong++;
    this.#frames.push(shown);
    if (offset === 0 && shown.type === undefined) this.receiving = false;
  }

  /** What has been read since this was asked last. */
  take(): readonly ShownFrame[] {
    return this.#frames.splice(0);
  }
}

/**
 * Prints the frames of a capture.
 * @returns what was wrong with it; undefined when nothing was
 * @throws what reading the input throws
 */
export async function decode(
  input: Readable,
  output: Writable,
  { json, showSecrets }: DecodeOptions,
): Promise<string | undefined> {
  const shown = new Shown(showSecrets);
  const reader = new FrameReader(shown, maxFrameBytes);
  const hex = new HexInput();
  let left = false;
  // The reader of the output may stop early, as `head` does.
  output.on('error', () => {
    left = true;
    input.destroy();
  });
  let problem: string | undefined;
  try {
    for await (const chunk of input) {
      try {
        reader.read(hex.bytesOf(chunk as Buffer));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        problem = `this is not Mux at offset ${shown.offset}: ${error.message}`;
      }
      const text = shown
        .take()
        .map((frame) => (json ? `${linesOf.json(frame)}\n` : `${linesOf.people(frame)}\n`))
        .join('');
      if (text !== '' && !output.write(text)) await drained(output);
      if (problem !== undefined || left || !shown.receiving) break;
    }
  } catch (error) {
    if (!left) throw error;
  }
  if (left || problem !== undefined) return problem;
  if (!shown.receiving) return 'this is not Mux: its first frame has an unknown type';
  const kept = reader.keptBytes;
  if (kept > 0 || hex.odd) {
    return `the input ends amid a frame at offset ${shown.offset}: only ${kept} of its bytes are there, of which ${countedHeadBytes} are its size`;
  }
  if (shown.offset === 0) return 'the input is empty';
  return shown.wrong > 0 ? `${shown.wrong} of the frames could not be understood` : undefined;
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      output.off('drain', done);
      output.off('close', done);
      output.off('error', done);
      resolve();
    };
    output.on('drain', done).on('close', done).on('error', done);
  });
}
