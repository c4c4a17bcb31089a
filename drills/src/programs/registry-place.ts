import { localRegistry, type Registry } from '@fwk/discovery';
import { consulRegistry } from '@fwk/discovery/consul';
import { type RegistryPlace, registryVariable } from '../stage/messages.js';

/** Where the drill says that instances are known. */
export function registryPlace(): RegistryPlace {
  return JSON.parse(process.env[registryVariable] ?? '{}') as RegistryPlace;
}

/** The registry of a program that does not serve one itself. */
export function registryOf(place: RegistryPlace): Registry {
  if (place.kind === 'local') return localRegistry({ port: place.port, serve: false });
  const { url, tokenFile } = place;
  return consulRegistry({ url, tokenFile, ttlMs: 6000, maxPauseMs: 1000 });
}
