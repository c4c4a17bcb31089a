/**
 * Puts together what one event stream says into what can be taken over at once. After a greeting come a list in parts, or
 * what was missed, and what changes meanwhile; none of it may be shown to watchers before it is whole.
 */
import type { Override } from '../../override.js';
import type { CatalogEntry } from '../catalog.js';
import { beliefLimits } from './belief.js';
import type { Change } from './change-log.js';
import { type Hello, type Known, MalformedError, type StreamEvent } from './wire.js';

/** What a reader takes over. */
export type StreamMessage =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | (Known & { readonly kind: 'snapshot' })
  | Change
  | { readonly kind: 'closing' };

/** What was said since a greeting. */
interface Beginning {
  readonly resumed: boolean;
  readonly entries: CatalogEntry[];
  readonly overrides: Map<string, Override>;
  readonly changes: Change[];
  /** Characters in which all of it came. */
  length: number;
}

/** Collects the events of one stream. */
export class StreamIntake {
  /** Set until the stream is current. */
  #beginning: Beginning | undefined;

  /**
   * @param length - characters in which the event came.
   * @returns what can be taken over now; nothing while the rest of it is to come.
   * @throws MalformedError when events come in an order in which no registry sends them, or list more than any could.
   */
  take(event: StreamEvent, length = 0): readonly StreamMessage[] {
    if (this.#beginning) this.#beginning.length += length;
    switch (event.kind) {
      case 'hello':
        this.#beginning = { resumed: event.hello.resumed, entries: [], overrides: new Map(), changes: [], length };
        return [event];
      case 'list': {
        const { entries, overrides } = this.#begun();
        entries.push(...event.entries);
        for (const [id, override] of event.overrides) overrides.set(id, override);
        this.#checkSize();
        return [];
      }
      case 'current': {
        const { resumed, entries, overrides, changes } = this.#begun();
        this.#beginning = undefined;
        return resumed ? changes : [{ kind: 'snapshot', entries, overrides }, ...changes];
      }
      case 'closing':
        return [event];
      default:
        if (!this.#beginning) return [event];
        this.#beginning.changes.push(event);
        this.#checkSize();
        return [];
    }
  }

  /** What is being listed is kept whole until it is current: it must have an end. */
  #checkSize(): void {
    const { entries, overrides, changes, length } = this.#begun();
    const limits = beliefLimits;
    const tooMuch =
      entries.length > limits.instances ||
      overrides.size > limits.overrides ||
      changes.length > limits.changes ||
      length > limits.bytes;
    if (tooMuch) throw new MalformedError('a list without end');
  }

  #begun(): Beginning {
    if (!this.#beginning) throw new MalformedError('nothing was to follow');
    return this.#beginning;
  }
}
