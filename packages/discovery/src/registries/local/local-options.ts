import {
  anything,
  checkOptions,
  checkToken,
  flag,
  integerIn,
  isLoopback,
  millisecondsIn,
  OptionsError,
  optional,
  type Rule,
  text,
} from '@fwk/kernel';

/** Options of `localRegistry`. Times are in milliseconds. */
export interface LocalRegistryOptions {
  /** Address that the registry of this machine is bound to; other than a loopback one only with a token. @defaultValue '127.0.0.1' */
  readonly host: string;
  /**
   * What whoever asks must show, 16 to 1024 visible ASCII characters; all programs of one registry agree on it.
   * @defaultValue FWK_REGISTRY_TOKEN, else none
   */
  readonly token?: string | undefined;
  /**
   * A file in which a process that may serve the registry keeps what is known, whoever serves it at the time, so that a
   * restart forgets nobody.
   * @defaultValue none
   */
  readonly snapshotFile?: string | undefined;
  /** Its port, 1 to 65535; all programs of one machine agree on it. @defaultValue FWK_REGISTRY_PORT, else 4810 */
  readonly port: number;
  /** Whether this process may serve the registry when nobody else does. @defaultValue true */
  readonly serve: boolean;
  /** How long an instance stays without being heard of, 300 to 600 000; renewed after a third. @defaultValue 3000 */
  readonly ttlMs: number;
  /** What is left of a lease once the process that holds it has dropped its connection, 50 to 60 000. @defaultValue 800 */
  readonly dropGraceMs: number;
  /** Limit of each request to the registry, 50 to 60 000. @defaultValue 1000 */
  readonly requestTimeoutMs: number;
  /** Longest pause between attempts to reach or become the registry, 10 to 60 000. @defaultValue 250 */
  readonly maxPauseMs: number;
  /** Instances that a registry served here takes, 1 to 1 000 000. @defaultValue 10000 */
  readonly maxInstances: number;
  /** Event streams that a registry served here keeps open, 1 to 100 000. @defaultValue 2000 */
  readonly maxStreams: number;
}

/** The port that all programs of a machine use when nothing else is said. */
export const defaultRegistryPort = 4810;

/** Defaults of {@link LocalRegistryOptions}. */
export const localRegistryDefaults = Object.freeze({
  host: '127.0.0.1',
  serve: true,
  ttlMs: 3000,
  dropGraceMs: 800,
  requestTimeoutMs: 1000,
  maxPauseMs: 250,
  maxInstances: 10_000,
  maxStreams: 2000,
}) satisfies Omit<LocalRegistryOptions, 'port'>;

const address: Rule = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9._:-]{1,253}$/.test(value) ? undefined : 'a host name or an IP address';

/**
 * @param minPort - 0 where any free port will do.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkLocalOptions(
  given: Partial<LocalRegistryOptions> | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  minPort: 0 | 1 = 1,
): LocalRegistryOptions {
  const port = given?.port ?? portFrom(environment.FWK_REGISTRY_PORT);
  const token = given?.token ?? (environment.FWK_REGISTRY_TOKEN || undefined);
  const options = checkOptions<LocalRegistryOptions>(
    'localRegistry',
    { ...given, port, token },
    localRegistryDefaults,
    {
      host: address,
      port: integerIn(minPort, 65_535),
      token: anything,
      snapshotFile: optional(text),
      serve: flag,
      ttlMs: millisecondsIn(300, 600_000),
      dropGraceMs: millisecondsIn(50, 60_000),
      requestTimeoutMs: millisecondsIn(50, 60_000),
      maxPauseMs: millisecondsIn(10, 60_000),
      maxInstances: integerIn(1, 1_000_000),
      maxStreams: integerIn(1, 100_000),
    },
  );
  checkToken('localRegistry', token);
  if (token === undefined && !isLoopback(options.host)) {
    throw new OptionsError('localRegistry', [
      `host "${options.host}" can be reached by other machines: set a token; the embedded registry serves one machine, use Consul for more`,
    ]);
  }
  return options;
}

function portFrom(variable: string | undefined): number {
  if (variable === undefined || variable === '') return defaultRegistryPort;
  if (/^\d{1,5}$/.test(variable)) return Number(variable);
  throw new OptionsError('localRegistry', [`FWK_REGISTRY_PORT must be a port, not ${JSON.stringify(variable)}`]);
}
