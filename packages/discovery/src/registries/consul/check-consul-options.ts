import {
  anything,
  checkOptions,
  flag,
  integerIn,
  millisecondsIn,
  OptionsError,
  oneOf,
  optional,
  type Rule,
  text,
} from '@fwk/kernel';
import { type ConsulAddress, readAddress } from './consul-address.js';
import { consulEnvironment, tlsEnvironment, tokenOverHttpVariable } from './consul-environment.js';
import { type ConsulOptions, type ConsulTls, consulDefaults } from './consul-options.js';

/**
 * Checks the options of a Consul registry.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkConsulOptions(
  given: Partial<ConsulOptions> | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<ConsulOptions> {
  const defaults = { ...consulDefaults, ...consulEnvironment(environment) };
  // What is given comes before the environment: its file would come before a token that is given.
  if (given?.token !== undefined) delete defaults.tokenFile;
  const options = checkOptions<ConsulOptions>('consulRegistry', given, defaults, {
    url: agentUrl,
    token: anything,
    tokenFile: optional(text),
    auth: anything,
    tokenOverHttp: flag,
    namespace: optional(name),
    partition: optional(name),
    tls: anything,
    datacenters: names,
    check: oneOf('ttl', 'http'),
    ttlMs: millisecondsIn(1000, 3_600_000),
    checkPath: path,
    checkIntervalMs: millisecondsIn(1000, 3_600_000),
    deregisterCriticalAfterMs: millisecondsIn(60_000, 86_400_000),
    waitMs: millisecondsIn(1000, 600_000),
    requestTimeoutMs: millisecondsIn(10, 60_000),
    maxPauseMs: millisecondsIn(10, 60_000),
    maxQueries: integerIn(0, 100),
  });
  const address = addressOf(options);
  const problem = secretProblem(options) ?? tlsProblem(options, address) ?? exposure(options, address);
  if (problem) throw new OptionsError('consulRegistry', [problem]);
  if (options.tls !== undefined || !address.secure) return options;
  const tls = tlsEnvironment(environment);
  return tls ? Object.freeze({ ...options, tls }) : options;
}

/** The address in options that were checked. */
export function addressOf({ url }: Pick<ConsulOptions, 'url'>): ConsulAddress {
  return readAddress(url) as ConsulAddress;
}

/** True for what may stand in a header as a token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

const agentUrl: Rule = (value) =>
  readAddress(value) ? undefined : 'a base URL like http://127.0.0.1:8500, or unix:///path/to/socket';

const name: Rule = (value) =>
  typeof value === 'string' && /^[\w-]+$/.test(value) ? undefined : 'a name of letters, digits, - and _';

const names: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[\w-]+$/.test(name))
    ? undefined
    : 'a list of names of datacentres';

const path: Rule = (value) =>
  typeof value === 'string' && /^\/[^\s]*$/.test(value) ? undefined : 'a path like /readyz';

/** No rules of their own: those would show the values. */
function secretProblem({ token, auth }: ConsulOptions): string | undefined {
  if (token !== undefined && !isToken(token)) return 'token must be visible ASCII characters without spaces';
  const credentials = auth === undefined || (typeof auth === 'string' && /^[^:]+:/.test(auth));
  return credentials ? undefined : 'auth must be user:password';
}

/** A token that others can read is no token any more. */
function exposure(options: ConsulOptions, { secure, local, label }: ConsulAddress): string | undefined {
  const { token, tokenFile, auth, tokenOverHttp } = options;
  if (secure || local || tokenOverHttp || (token ?? tokenFile ?? auth) === undefined) return undefined;
  const secret = (token ?? tokenFile) ? 'the token' : 'the password';
  return (
    `${secret} would go to ${label} in clear: use an https URL (CONSUL_HTTP_SSL=true) or the agent of this machine, ` +
    `or allow it by tokenOverHttp: true (${tokenOverHttpVariable}=true)`
  );
}

function tlsProblem({ tls, url }: ConsulOptions, { secure }: ConsulAddress): string | undefined {
  if (tls === undefined) return undefined;
  if (typeof tls !== 'object' || tls === null) return 'tls must be an object';
  if (!secure) return `tls needs an https URL, not ${url}`;
  for (const [field, value] of Object.entries(tls)) {
    if (!Object.hasOwn(tlsFields, field))
      return `tls.${field} is unknown; there are ${Object.keys(tlsFields).join(', ')}`;
    const type = tlsFields[field as keyof ConsulTls];
    if (value !== undefined && typeof value !== type)
      return `tls.${field} must be ${type === 'string' ? 'text' : 'true or false'}`;
  }
  for (const [part, file] of [
    ['ca', 'caFile'],
    ['ca', 'caFolder'],
    ['caFile', 'caFolder'],
    ['cert', 'certFile'],
    ['key', 'keyFile'],
  ] as const) {
    if (tls[part] !== undefined && tls[file] !== undefined) return `tls takes ${part} or ${file}, not both`;
  }
  return undefined;
}

const tlsFields: Readonly<Record<keyof ConsulTls, 'string' | 'boolean'>> = Object.freeze({
  ca: 'string',
  caFile: 'string',
  caFolder: 'string',
  cert: 'string',
  certFile: 'string',
  key: 'string',
  keyFile: 'string',
  servername: 'string',
  verify: 'boolean',
});
