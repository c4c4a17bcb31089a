import { isAbsolute } from 'node:path';
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
  parseNetwork,
  type Rule,
  text,
} from '@fwk/kernel';
import { isHostName } from './networks.js';

/** Options of `localRegistry`. Times are in milliseconds. */
export interface LocalRegistryOptions {
  /** Address that the registry of this machine is bound to; other than a loopback one only with a token. @defaultValue '127.0.0.1' */
  readonly host: string;
  /**
   * What both ends prove to know, 16 to 1024 visible ASCII characters; all programs of one registry agree on it. It is
   * never sent. Without one, only programs of the same user on this machine may register.
   * @defaultValue FWK_REGISTRY_TOKEN, else none
   */
  readonly token?: string | undefined;
  /**
   * The directory for the socket by which programs without a token register; all of them agree on it. It belongs to this
   * user and nobody else may enter it (mode 0700); it is made where only itself is missing.
   * @defaultValue FWK_REGISTRY_SOCKET_DIRECTORY, else `/tmp/fwk-` and the number of the user
   */
  readonly socketDirectory?: string | undefined;
  /**
   * Where instances may be beside this machine: networks as `10.0.0.0/8`, addresses, names. Instances elsewhere are neither
   * taken nor believed. With a `host` beyond loopback, the networks of this machine that it is in count as listed.
   * Link-local addresses only where a listed network lies within them.
   * @defaultValue FWK_REGISTRY_NETWORKS, separated by commas, else none
   */
  readonly networks: readonly string[];
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
  /** Those among them of one process, 1 to 1 000 000. @defaultValue 500 */
  readonly maxInstancesEach: number;
  /** Bytes, written as JSON, of all instances that a registry served here takes, 1 KiB to 4 GiB. @defaultValue 67108864 */
  readonly maxBytes: number;
  /** Those among them of one process. @defaultValue 4194304 */
  readonly maxBytesEach: number;
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
  maxInstancesEach: 500,
  maxBytes: 64 * 1024 * 1024,
  maxBytesEach: 4 * 1024 * 1024,
  maxStreams: 2000,
}) satisfies Omit<LocalRegistryOptions, 'port' | 'networks'>;

const MOST_BYTES = 4 * 1024 ** 3;

const address: Rule = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9._:-]{1,253}$/.test(value) ? undefined : 'a host name or an IP address';

const networkList: Rule = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string' && (parseNetwork(each) || isHostName(each)))
    ? undefined
    : 'a list of networks such as 10.0.0.0/8, addresses and host names';

const absolutePath: Rule = (value) =>
  typeof value === 'string' && isAbsolute(value) && !value.includes('\0') ? undefined : 'an absolute path';

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
    {
      ...given,
      port,
      token,
      networks: given?.networks ?? listIn(environment.FWK_REGISTRY_NETWORKS),
      socketDirectory: given?.socketDirectory ?? (environment.FWK_REGISTRY_SOCKET_DIRECTORY || undefined),
    },
    localRegistryDefaults,
    {
      host: address,
      port: integerIn(minPort, 65_535),
      token: anything,
      socketDirectory: optional(absolutePath),
      networks: networkList,
      snapshotFile: optional(text),
      serve: flag,
      ttlMs: millisecondsIn(300, 600_000),
      dropGraceMs: millisecondsIn(50, 60_000),
      requestTimeoutMs: millisecondsIn(50, 60_000),
      maxPauseMs: millisecondsIn(10, 60_000),
      maxInstances: integerIn(1, 1_000_000),
      maxInstancesEach: integerIn(1, 1_000_000),
      maxBytes: integerIn(1024, MOST_BYTES),
      maxBytesEach: integerIn(1024, MOST_BYTES),
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

/** The words of a list separated by commas. */
export function listIn(variable = ''): readonly string[] {
  return variable
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function portFrom(variable: string | undefined): number {
  if (variable === undefined || variable === '') return defaultRegistryPort;
  if (/^\d{1,5}$/.test(variable)) return Number(variable);
  throw new OptionsError('localRegistry', [`FWK_REGISTRY_PORT must be a port, not ${JSON.stringify(variable)}`]);
}
