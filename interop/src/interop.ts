/** What a run with another implementation is made of. */

/** Who calls whom. */
export type Direction = 'they call us' | 'we call them';

/** The result of one case. */
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
  /** Aborted when the run is to end. */
  readonly signal: AbortSignal;
}

/** Another implementation with which our servers and clients are tested. */
export interface Peer {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** Runs all cases. @throws ToolMissingError when a program that it needs is missing */
  run(options: PeerRun): Promise<void>;
}

/** A program is missing, which whoever runs this has to install. */
export class ToolMissingError extends Error {
  override readonly name = 'ToolMissingError';
}
