/**
 * Environment variables that the framework itself reads. Settings have the same beginning (`FWK_`), so one place says
 * which are ours: they are never settings, since some hold secrets and a strict schema would refuse them.
 */

/** Ours are all that begin so, also those of other versions running beside this one. */
const ownFamilies: readonly string[] = Object.freeze(['FWK_REGISTRY_', 'FWK_ADVERTISE_', 'FWK_SETTINGS_']);

/** True for a variable that the framework reads, and that is no setting therefore. `FWK_REGISTRY__PORT` is a setting. */
export function isOwnVariable(name: string): boolean {
  return ownFamilies.some((family) => name.startsWith(family) && name.charAt(family.length) !== '_');
}
