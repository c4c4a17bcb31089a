/** The errors that users of this package meet, and their table. */
import { type ErrorTable, FwkError, RefusalError } from '@fwk/kernel';

/** An instance was refused. Code `FWK_DISCOVERY_INSTANCE_INVALID`; `problems` has one line a field. */
export class InstanceInvalidError extends FwkError {
  readonly problems: readonly string[];

  /** @param id - the instance's id, as far as it was readable. */
  constructor(id: string, problems: readonly string[]) {
    super('FWK_DISCOVERY_INSTANCE_INVALID', `instance "${id}" was refused: ${problems.join('; ')}`, {
      details: { id, problems },
    });
    this.problems = problems;
  }
}

/** Two live processes claim one instance id. Code `FWK_DISCOVERY_DUPLICATE_INSTANCE`. */
export class DuplicateInstanceError extends FwkError {
  /**
   * @param id - the id that both claim.
   * @param holder - who has it, such as `inventory at 127.0.0.1:4001`.
   * @param claimant - who asked for it.
   */
  constructor(id: string, holder: string, claimant: string) {
    super(
      'FWK_DISCOVERY_DUPLICATE_INSTANCE',
      `instance id "${id}" is taken by ${holder}, which is alive; ${claimant} needs another id`,
      { details: { id, holder, claimant } },
    );
  }
}

/** The registry has reached one of its limits. Code `FWK_DISCOVERY_REGISTRY_FULL`. */
export class RegistryFullError extends FwkError {
  /**
   * @param what - what there is too much of: `instances`, `streams`.
   * @param limit - how many it takes.
   */
  constructor(what: string, limit: number) {
    super('FWK_DISCOVERY_REGISTRY_FULL', `the registry takes at most ${limit} ${what}; raise its limit or use Consul`, {
      details: { what, limit },
      traits: { retryable: true, notProcessed: true },
    });
  }
}

/** The registry was closed by this process. Code `FWK_DISCOVERY_REGISTRY_CLOSED`. */
export class RegistryClosedError extends FwkError {
  constructor(registry: string) {
    super(
      'FWK_DISCOVERY_REGISTRY_CLOSED',
      `the registry "${registry}" was closed; nothing can be registered any more`,
      {
        details: { registry },
      },
    );
  }
}

/** The registry did not answer, or not as a registry does. Code `FWK_DISCOVERY_REGISTRY_UNAVAILABLE`. */
export class RegistryUnavailableError extends FwkError {
  /**
   * @param registry - where it is expected: `127.0.0.1:4810`.
   * @param problem - what happened instead.
   */
  constructor(registry: string, problem: string, cause?: unknown) {
    super('FWK_DISCOVERY_REGISTRY_UNAVAILABLE', `the registry at ${registry} is not available: ${problem}`, {
      cause,
      details: { registry, problem },
      traits: { retryable: true },
    });
  }
}

/** The registry asks for another token than the one shown. Code `FWK_DISCOVERY_REGISTRY_DENIED`. */
export class RegistryDeniedError extends FwkError {
  /**
   * @param registry - its address: `10.0.0.5:4810`.
   * @param problem - what it says, and what to do. @defaultValue that the embedded registry wants its token
   */
  constructor(
    registry: string,
    problem = 'asks for its token; set FWK_REGISTRY_TOKEN, or the option token, to the one it was given',
  ) {
    super('FWK_DISCOVERY_REGISTRY_DENIED', `the registry at ${registry} ${problem}`, { details: { registry } });
  }
}

/** The address for a registry cannot be bound. Code `FWK_DISCOVERY_REGISTRY_PORT_TAKEN`. */
export class RegistryPortTakenError extends FwkError {
  /** @param address - such as `127.0.0.1:4810`. */
  constructor(address: string) {
    super(
      'FWK_DISCOVERY_REGISTRY_PORT_TAKEN',
      `no registry can be served at ${address}: another program listens there, or it is no address of this machine; ` +
        'choose another port, or use localRegistry(), which joins the registry that is there',
      { details: { address } },
    );
  }
}

/** What is known of a service for which no endpoint could be chosen. */
export interface KnownEndpoints {
  readonly known: number;
  /** How many were left out, by the reason: `draining`, `down`, `version`. */
  readonly filtered: Readonly<Record<string, number>>;
  /** The same with what was found and wanted, for the message alone: other programs are not told it. @defaultValue filtered */
  readonly reasons?: Readonly<Record<string, number>>;
  /** Why the list may be out of date; undefined while it is fresh. */
  readonly stale?: string | undefined;
  /** Set when there is no list at all: since when (wall-clock milliseconds since the epoch), and why. */
  readonly unknown?: { readonly sinceMs: number; readonly reason: string } | undefined;
  /** The wall-clock time of the error; with `unknown`. */
  readonly nowMs?: number;
}

/**
 * There is nobody to send a call to. Code `FWK_DISCOVERY_NO_ENDPOINT`; nothing was sent. `details.unknown` tells apart that no
 * list of the service is known, which speaks of the registry and not of the service.
 */
export class NoEndpointError extends RefusalError {
  constructor(service: string, { known, filtered, reasons = filtered, stale, unknown, nowMs }: KnownEndpoints) {
    const why = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
    const list = known === 0 ? 'no instance is known' : `${known} known, all left out (${why.join(', ')})`;
    const message = unknown
      ? `no list of its instances is known${sinceText(unknown.sinceMs, nowMs)}: ${unknown.reason}; nobody was asked`
      : `${list}${stale ? `; the list is out of date: ${stale}` : ''}; ${known === 0 ? `start an application of the name "${service}", or name in the client's \`service\` the one that has it` : 'look at /manage/endpoints for the reasons'}`;
    super(discoveryErrors, 'FWK_DISCOVERY_NO_ENDPOINT', `${service}: ${message}`, {
      details: { service, known, filtered, stale, ...(unknown && { unknown }) },
      // Who hears that there is no list has waited for it already.
      traits: { retryable: unknown === undefined, notProcessed: true },
    });
  }
}

function sinceText(sinceMs: number, nowMs: number | undefined): string {
  const since = new Date(sinceMs);
  if (Number.isNaN(since.getTime())) return '';
  const ago = nowMs === undefined ? '' : ` (${Math.max(0, Math.round((nowMs - sinceMs) / 100) / 10)} s)`;
  return ` since ${since.toISOString()}${ago}`;
}

/** The codes of this package. */
export const discoveryErrors = Object.freeze({
  FWK_DISCOVERY_NO_ENDPOINT: {
    summary:
      'No instance of the service can be called. `known` says how many are known, `filtered` how many of them were left out and why; the log also says since when and why no list of instances is known.',
    status: 503,
    told: ['service', 'known', 'filtered'],
  },
  FWK_DISCOVERY_INSTANCE_INVALID: {
    summary: 'An instance was refused; the message names each field and what it must be.',
    status: 400,
  },
  FWK_DISCOVERY_DUPLICATE_INSTANCE: {
    summary: 'Two live processes claim one instance id; give each process its own.',
    status: 409,
  },
  FWK_DISCOVERY_REGISTRY_FULL: {
    summary: 'The registry has reached a limit on instances or streams; raise it, or use Consul.',
    status: 503,
  },
  FWK_DISCOVERY_REGISTRY_CLOSED: {
    summary: 'The registry was closed in this process before it was used.',
    status: 500,
  },
  FWK_DISCOVERY_REGISTRY_DENIED: {
    summary:
      'The registry asks for a token, and this process has none, another one, or one with too few rights; or it is another user’s.',
    status: 401,
  },
  FWK_DISCOVERY_REGISTRY_PORT_TAKEN: {
    summary: 'A registry was to be served at an address that is taken, or that this machine does not have.',
    status: 500,
  },
  FWK_DISCOVERY_REGISTRY_UNAVAILABLE: {
    summary: 'The registry did not answer in time, or something else answers at its address. Known lists stay in use.',
    status: 503,
  },
}) satisfies ErrorTable;
