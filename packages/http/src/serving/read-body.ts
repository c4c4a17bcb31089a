/** A body that its handler reads piece by piece, as its exchange sees it. */
export interface ReadBody extends AsyncIterableIterator<unknown> {
  /** Whether the handler waits for more of it. */
  readonly waits: boolean;
  /** Pieces that the handler has got. */
  readonly count: number;
  /** The caller has gone. */
  leave(): void;
}
