/** What a run with programs of others is made of. */

/** Who calls whom. */
export type Direction = 'they call us' | 'we call them';

/** How one case went. */
export interface CaseResult {
  readonly name: string;
  readonly direction: Direction;
  readonly ok: boolean;
  /** What was seen, or what was wrong. */
  readonly detail: string;
}

/** How cases are run. */
export interface PeerRun {
  /** Told each case as it ends. */
  readonly told: (result: CaseResult) => void;
  /** Told what takes long, such as a build. */
  readonly say: (text: string) => void;
  /** Ends what is running. */
  readonly signal: AbortSignal;
}

/** A program of others that our servers and clients are tried with. */
export interface Peer {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** Runs all cases. @throws ToolMissingError when a program is not there that it needs */
  run(options: PeerRun): Promise<void>;
}

/** A program is missing that has to be installed by whoever runs this. */
export class ToolMissingError extends Error {
  override readonly name = 'ToolMissingError';
}
