/** An instance as it is registered with a Consul agent. */
import { isServerName } from '@fwk/kernel';
import type { Instance, InstanceStatus } from '../../instance.js';
import type { ConsulOptions } from './consul-options.js';
import { writeMeta } from './meta.js';

/** What Consul's check of an instance says. */
export type CheckStatus = 'passing' | 'warning' | 'critical';

/** Consul's weights are whole numbers from 1. */
const MAX_WEIGHT = 65_535;

/** The id of the check that an instance is registered with. */
export function checkIdOf(id: string): string {
  return `service:${id}`;
}

/** The id of the check that stands there, critical, while an instance says that it is out of service. */
export function outOfServiceCheckIdOf(id: string): string {
  return `fwk-out-of-service:${id}`;
}

/** How the notes of a check begin that is registered as critical because the instance failed before. */
export const notesOfFailing = 'failing';

/** Consul knows no check that is never made; this one waits for a report that never comes. */
const neverReported = '876000h';

/**
 * What the check of an instance says while its process lives. What may not be called is in `warning`, with a weight of
 * nought, and not `critical`: Consul would forget it after a minute, though it lives.
 */
export function checkStatusOf(status: InstanceStatus): CheckStatus {
  return status === 'UP' || status === 'OUT_OF_SERVICE' ? 'passing' : 'warning';
}

/**
 * The body of `PUT /agent/service/register`.
 * @param check - its status, if it is a new one, and a text that says of what state this is. The text stands in the check, so
 * that whoever watches checks sees each change.
 * @param isOld - for an agent older than 1.9, which does not know all fields.
 * @throws InstanceInvalidError when it does not fit into Consul.
 */
export function definitionOf(
  instance: Instance,
  holder: string,
  check: { readonly status: CheckStatus; readonly changed: string },
  options: ConsulOptions,
  isOld = false,
): object {
  const { id, service, address, port, status, tags = [], weight = 1 } = instance;
  const up = status === 'UP';
  return {
    ID: id,
    Name: service,
    Tags: tags,
    Address: address,
    Port: port,
    Meta: writeMeta(instance, holder),
    Weights: { Passing: up ? Math.min(MAX_WEIGHT, Math.max(1, Math.round(weight))) : 1, Warning: up ? 1 : 0 },
    Checks: [
      {
        CheckID: checkIdOf(id),
        Name: `${service} is alive`,
        Notes: check.changed,
        Status: check.status,
        DeregisterCriticalServiceAfter: duration(options.deregisterCriticalAfterMs),
        ...probe(instance, options, isOld),
      },
      ...(status === 'OUT_OF_SERVICE' ? [outOfService(instance)] : []),
    ],
  };
}

/** Not Consul's maintenance mode, which is the operator's: there is one for an instance, and whoever ends it ends it for all. */
function outOfService({ id, service, lastChange }: Instance): object {
  return {
    CheckID: outOfServiceCheckIdOf(id),
    Name: `${service} is in service`,
    Notes: lastChange?.cause ?? 'it says that it is out of service',
    Status: 'critical',
    TTL: neverReported,
  };
}

function probe({ service, address, port, metadata }: Instance, options: ConsulOptions, isOld: boolean): object {
  const { check, ttlMs, checkPath, checkIntervalMs } = options;
  if (check === 'ttl') return { TTL: duration(ttlMs) };
  const scheme = metadata?.scheme === 'https' ? 'https' : 'http';
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    HTTP: `${scheme}://${host}:${port}${checkPath}`,
    Interval: duration(checkIntervalMs),
    Timeout: duration(Math.min(checkIntervalMs, options.requestTimeoutMs)),
    ...(scheme === 'https' && probeTls(service, options, isOld)),
  };
}

function probeTls(service: string, { checkTls = {} }: ConsulOptions, isOld: boolean): object {
  const { verify = true, serverName = isOld || !isServerName(service) ? undefined : service } = checkTls;
  return { TLSSkipVerify: !verify, ...(serverName !== undefined && { TLSServerName: serverName }) };
}

function duration(durationMs: number): string {
  return `${Math.round(durationMs)}ms`;
}
