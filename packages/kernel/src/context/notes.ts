import type { CallContext } from './call-context.js';
import { type ContextKey, contextKey } from './context-key.js';

/** What layers remark about one logical call, for its caller, its trace and its metrics. Mutable on purpose. */
export interface CallNotes {
  /** Attempts made, the first included. */
  attempts?: number;
  /** Instance id of the endpoint that answered last. */
  endpoint?: string;
  /** Name of the fallback that answered instead. */
  fallback?: string;
  /** True when the answer came from a cache. */
  cached?: boolean;
  /** True when that answer was older than it should be: it is being renewed, or could not be. */
  stale?: boolean;
  /** True when the call joined one that was under way for the same thing already. */
  coalesced?: boolean;
  /** True when the answer came from a second attempt that was sent because the first was slow. */
  hedged?: boolean;
}

/** Holds the notes of the call; undefined when nobody asked for them. */
export const notesKey: ContextKey<CallNotes | undefined> = contextKey<CallNotes | undefined>('notes', undefined, true);

/** Writes a note, if somebody keeps notes of this call. */
export function note<K extends keyof CallNotes>(context: CallContext, name: K, value: CallNotes[K]): void {
  const notes = context.get(notesKey);
  if (notes) notes[name] = value;
}
