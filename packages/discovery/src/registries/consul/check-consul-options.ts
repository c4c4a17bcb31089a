import {
  anything,
  checkOptions,
  checkTlsSources,
  flag,
  integerIn,
  isServerName,
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
import { isRecord } from './health-entries.js';

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
    checkTls: optional(checkTlsRule),
    checkIntervalMs: millisecondsIn(1000, 3_600_000),
    deregisterCriticalAfterMs: millisecondsIn(60_000, 86_400_000),
    waitMs: millisecondsIn(1000, 600_000),
    requestTimeoutMs: millisecondsIn(10, 60_000),
    maxPauseMs: millisecondsIn(10, 60_000),
    maxQueries: integerIn(0, 100),
  });
  const address = addressOf(options);
  if (options.checkTls && options.check !== 'http')
    throw new OptionsError('consulRegistry', ["checkTls needs check: 'http'"]);
  const problem = secretProblem(options) ?? exposure(options, address);
  if (problem) throw new OptionsError('consulRegistry', [problem]);
  if (options.tls !== undefined) {
    if (!address.secure) throw new OptionsError('consulRegistry', [`tls needs an https URL, not ${options.url}`]);
    checkTls('consulRegistry', options.tls);
    return options;
  }
  const tls = address.secure ? tlsEnvironment(environment) : undefined;
  if (!tls) return options;
  checkTls('consulRegistry, by environment variables', tls);
  return Object.freeze({ ...options, tls });
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

const checkTlsRule: Rule = (value) => {
  const { serverName, verify = true, ...others } = isRecord(value) ? value : { others: value };
  const fits = (serverName === undefined || isServerName(serverName)) && typeof verify === 'boolean';
  return fits && Object.keys(others).length === 0
    ? undefined
    : 'an object of serverName (a host name) and verify (true or false)';
};

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

/** @throws OptionsError; it shows no value. */
function checkTls(owner: string, tls: ConsulTls): void {
  checkTlsSources(owner, tls, ['serverName', 'verify']);
  const problems: string[] = [];
  if (tls.serverName !== undefined && !isServerName(tls.serverName))
    problems.push('tls.serverName must be a host name');
  if (tls.verify !== undefined && typeof tls.verify !== 'boolean') problems.push('tls.verify must be true or false');
  if (problems.length > 0) throw new OptionsError(owner, problems);
}
