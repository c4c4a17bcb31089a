/** One row of a package's error table; the tables make docs/errors.md and the problem documents on the wire. */
export interface ErrorEntry {
  /** One sentence: what it means and what to do. */
  readonly summary: string;
  /** HTTP status a server answers when the error reaches it. */
  readonly status: number;
  /**
   * Names of the error's details that a server tells its callers too, as members of the problem document. They must say
   * nothing of how the inside is built: no addresses, paths or messages. @defaultValue none
   */
  readonly told?: readonly string[];
}

/** A package's table, keyed by code. */
export type ErrorTable = Readonly<Record<`FWK_${string}`, ErrorEntry>>;

/** The kernel's own codes. */
export const kernelErrors = Object.freeze({
  FWK_KERNEL_CANCELLED: {
    summary:
      'The caller gave up before the call was answered. Nothing to do; it counts neither as success nor failure.',
    status: 499,
  },
  FWK_KERNEL_DEADLINE_EXCEEDED: {
    summary: 'The total time allowed for the call ran out. Raise the deadline, or find in the trace what was slow.',
    status: 504,
  },
  FWK_KERNEL_TWO_COPIES: {
    summary:
      'A warning of the process: two copies of one package are loaded, and classes and tokens of one are strangers to the other. Install one version once.',
    status: 500,
  },
  FWK_KERNEL_NODE_TOO_OLD: {
    summary:
      'The program runs on a Node that is older than the packages need; the message says which one it is and which one will do.',
    status: 500,
  },
  FWK_KERNEL_OPTIONS_INVALID: {
    summary: 'Options were refused when something was built; the message names each field, its value and its range.',
    status: 500,
  },
  FWK_KERNEL_KEY_REFUSED: {
    summary:
      'Data from outside has a key by which it could change how objects work: `__proto__`, or `prototype` in `constructor`. The message says where it stands; choose another name.',
    status: 500,
  },
  FWK_KERNEL_TLS_INVALID: {
    summary:
      'A certificate, key or authority cannot be used for TLS: unreadable, not PEM, cut off, encrypted, or the key of another certificate. The message names the file or option.',
    status: 500,
  },
  FWK_KERNEL_ROLE_UNKNOWN: {
    summary:
      'A layer was to be put before, after or in the place of one whose role the stack does not have; the message lists the roles that it has.',
    status: 500,
  },
  FWK_KERNEL_ROLE_AMBIGUOUS: {
    summary:
      'A role was used as an address in a stack that has several layers of it. Give each of them a role of its own.',
    status: 500,
  },
  FWK_KERNEL_LAYER_INVALID: {
    summary: 'Something was put into a stack that is no layer: an object with `role` and `wrap`.',
    status: 500,
  },
  FWK_KERNEL_SERVICE_INVALID: {
    summary:
      'A stack was built round something that is no service, or `wrap` of the layer in the message answered none: an object with `call` and `status`.',
    status: 500,
  },
}) satisfies ErrorTable;
