import type { LocalGroup } from '@fwk/http';

/** Where a service of the shop runs. No service knows with whom it shares a process. */
export interface Place {
  /** The services of its process: they call each other without a connection. */
  readonly group: LocalGroup;
  /** Whether the process is the service's own, so that SIGTERM stops it and ends the process. */
  readonly signals: boolean;
}
