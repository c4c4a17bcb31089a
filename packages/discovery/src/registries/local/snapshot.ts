/**
 * What a registry knows, on disk. Every process that may serve and has such a file writes it, whether it serves or stands
 * by: what an operator sets or lifts while another process serves must not be undone by the next restart.
 */
import { type Env, SavedFile } from '@fwk/kernel';
import type { Catalog } from '../catalog.js';
import type { LocalRegistryOptions } from './local-options.js';
import type { Inheritance } from './registry-server.js';
import { knownIn, parseKnown } from './wire.js';

/** What changes more often is written once. */
const DEBOUNCE_MS = 500;
/** Ten thousand instances of usual size are a few million. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The snapshot of one process; does nothing where no file was named, or this process may not serve. */
export class Snapshot {
  readonly #file: SavedFile | undefined;
  #newest: Catalog | undefined;

  constructor({ snapshotFile: file, serve }: LocalRegistryOptions, env: Env) {
    if (file === undefined || !serve) return;
    const limits = { debounceMs: DEBOUNCE_MS, maxBytes: MAX_BYTES };
    this.#file = new SavedFile({ file, what: 'the snapshot of the registry', ...limits }, env, () =>
      JSON.stringify(this.#newest && knownIn(this.#newest)),
    );
  }

  /** What was written last, if anything of use. */
  read(): Inheritance | undefined {
    const known = this.#file?.read(parseKnown);
    return known && { known, holder: undefined };
  }

  /** Something in the catalog has changed: it will be written soon. */
  changed(catalog: Catalog): void {
    this.#newest = catalog;
    this.#file?.changed();
  }

  /** Writes what is not yet written. */
  async close(): Promise<void> {
    await this.#file?.close();
  }
}
