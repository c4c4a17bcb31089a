import { checkOptions, OptionsError } from '../options/check-options.js';
import { anything, flag, millisecondsIn, optional, type Rule, text } from '../options/rules.js';
import { checkTlsSources, isServerName } from '../tls/tls-options.js';
import { type ConsulAgentOptions, type ConsulTls, consulAgentDefaults } from './agent-options.js';
import { type ConsulAddress, consulAddressOf, readAddress } from './consul-address.js';
import { consulEnvironment, tlsEnvironment, tokenOverHttpVariable } from './consul-environment.js';
import { isToken } from './token-source.js';

/** Options of whoever speaks to an agent, beyond those that say how it is reached. */
export type OwnOptions<T extends ConsulAgentOptions> = Omit<T, keyof ConsulAgentOptions>;

/** The defaults of such options, and the rules of each. */
export interface OwnRules<T extends ConsulAgentOptions> {
  readonly defaults: Readonly<Partial<OwnOptions<T>>>;
  readonly rules: { readonly [K in keyof OwnOptions<T>]-?: Rule };
}

/**
 * Checks the options of somebody who speaks to Consul. What is not given is read from the environment, as Consul's own tools read it.
 * @param owner - whose options these are, the head of the message.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`; it shows no secret.
 */
export function checkAgentOptions<T extends ConsulAgentOptions>(
  owner: string,
  given: Partial<T> | undefined,
  own: OwnRules<T>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<T> {
  const agent: Partial<ConsulAgentOptions> = { ...consulAgentDefaults, ...consulEnvironment(owner, environment) };
  // What is given comes before the environment: its file would come before a token that is given.
  const { tokenFile: _tokenFile, ...withoutFile } = agent;
  const defaults = { ...own.defaults, ...(given?.token === undefined ? agent : withoutFile) };
  const rules = { ...own.rules, ...agentRules };
  const options = checkOptions(owner, given, defaults as Partial<T>, rules as { readonly [K in keyof T]-?: Rule });
  const address = consulAddressOf(options);
  const problem = secretProblem(options) ?? exposure(options, address);
  if (problem) throw new OptionsError(owner, [problem]);
  if (options.tls !== undefined) {
    if (!address.secure) throw new OptionsError(owner, [`tls needs an https URL, not ${options.url}`]);
    checkTls(owner, options.tls);
    return options;
  }
  const tls = address.secure ? tlsEnvironment(owner, environment) : undefined;
  if (!tls) return options;
  checkTls(`${owner}, by environment variables`, tls);
  return Object.freeze({ ...options, tls });
}

const agentUrl: Rule = (value) =>
  readAddress(value) ? undefined : 'a base URL like http://127.0.0.1:8500, or unix:///path/to/socket';

const name: Rule = (value) =>
  typeof value === 'string' && /^[\w-]+$/.test(value) ? undefined : 'a name of letters, digits, - and _';

const agentRules = Object.freeze({
  url: agentUrl,
  token: anything,
  tokenFile: optional(text),
  auth: anything,
  tokenOverHttp: flag,
  namespace: optional(name),
  partition: optional(name),
  tls: anything,
  waitMs: millisecondsIn(1000, 600_000),
  requestTimeoutMs: millisecondsIn(10, 60_000),
  maxPauseMs: millisecondsIn(10, 60_000),
}) satisfies { readonly [K in keyof ConsulAgentOptions]-?: Rule };

/** No rules of their own: those would show the values. */
function secretProblem({ token, auth }: ConsulAgentOptions): string | undefined {
  if (token !== undefined && typeof token !== 'function' && !isToken(token))
    return 'token must be visible ASCII characters without spaces, or a function that answers them';
  const credentials = auth === undefined || (typeof auth === 'string' && /^[^:]+:/.test(auth));
  return credentials ? undefined : 'auth must be user:password';
}

/** A token that others can read is no token any more. */
function exposure(options: ConsulAgentOptions, { secure, local, label }: ConsulAddress): string | undefined {
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
