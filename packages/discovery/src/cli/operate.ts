/** What an operator asks of the registry that is served. */
import { FwkError, type Live, printable } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Registry } from '../registry.js';
import type { Command } from './read-command.js';

type Say = (text: string) => void;

/**
 * Does it and says what it did.
 * @returns the program's exit code: 1 when there was nothing to lift.
 * @throws RegistryUnavailableError, RegistryDeniedError, InstanceInvalidError
 */
export async function operate(registry: Registry, command: Command, say: Say): Promise<number> {
  const { overrides } = registry;
  if (command.verb === 'override') {
    const { id, status, cause, actor } = command;
    await overrides?.set(id, { status, cause, actor });
    const there = (await listInstances(registry)).some((instance) => instance.id === id);
    const effect = there ? `${id} is ${status} for all` : `nobody is called ${id} yet; whoever is will be ${status}`;
    say(`${effect}, until the override is lifted: fwk-registry lift ${id}`);
  } else if (command.verb === 'lift') {
    const lifted = await overrides?.lift(command.id);
    say(lifted ? `${command.id} speaks for itself again` : `${command.id} was not overridden`);
    return lifted ? 0 : 1;
  } else if (command.verb === 'list') {
    const instances = await listInstances(registry);
    say(command.json ? printable(JSON.stringify({ instances })) : tableOf(instances));
  }
  return 0;
}

async function listInstances(registry: Registry): Promise<readonly Instance[]> {
  const services = registry.services();
  try {
    await Promise.race([
      becomes(services.known, (known) => known),
      becomes(registry.connection, ({ state }) => state === 'lost').then(({ reason = 'it does not answer' }) => {
        throw new FwkError('FWK_DISCOVERY_REGISTRY_UNAVAILABLE', reason);
      }),
    ]);
    return services.names.value.flatMap((service) => {
      const watch = registry.watch(service);
      watch[Symbol.dispose]();
      return watch.instances.value;
    });
  } finally {
    services[Symbol.dispose]();
  }
}

function becomes<T>(live: Live<T>, holds: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const check = (value: T) => {
      if (!holds(value)) return;
      watching[Symbol.dispose]();
      resolve(value);
    };
    const watching = live.subscribe(check);
    check(live.value);
  });
}

function tableOf(instances: readonly Instance[]): string {
  if (instances.length === 0) return 'nobody is registered';
  const rows = instances
    .map(({ service, id, version, address, port, zone = '', status, lastChange }) => [
      service,
      id,
      version,
      `${address}:${port}`,
      zone,
      status,
      lastChange ? `${lastChange.cause} (${lastChange.actor})` : '',
    ])
    .map((row) => row.map(printable));
  const table = [['SERVICE', 'ID', 'VERSION', 'ADDRESS', 'ZONE', 'STATUS', 'WHY'], ...rows];
  const widths = (table[0] as string[]).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
