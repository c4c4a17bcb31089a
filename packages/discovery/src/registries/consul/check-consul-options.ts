import { integerIn, isServerName, millisecondsIn, OptionsError, oneOf, optional, type Rule } from '@fwk/kernel';
import { checkAgentOptions } from '@fwk/kernel/consul';
import { type ConsulOptions, consulDefaults } from './consul-options.js';
import { isRecord } from './health-entries.js';

/**
 * Checks the options of a Consul registry.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkConsulOptions(
  given: Partial<ConsulOptions> | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<ConsulOptions> {
  const rules = {
    datacenters: names,
    check: oneOf('ttl', 'http'),
    ttlMs: millisecondsIn(1000, 3_600_000),
    checkPath: path,
    checkTls: optional(checkTlsRule),
    checkIntervalMs: millisecondsIn(1000, 3_600_000),
    deregisterCriticalAfterMs: millisecondsIn(60_000, 86_400_000),
    maxQueries: integerIn(0, 100),
  };
  const own = { defaults: consulDefaults, rules };
  const options = checkAgentOptions<ConsulOptions>('consulRegistry', given, own, environment);
  if (options.checkTls && options.check !== 'http')
    throw new OptionsError('consulRegistry', ["checkTls needs check: 'http'"]);
  return options;
}

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
