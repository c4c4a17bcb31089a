export { Catalog, type CatalogEntry } from './registries/catalog.js';
export { Connection } from './registries/connection.js';
export { type InstanceWriter, OwnInstances } from './registries/own-instances.js';
export { ownWord } from './registries/own-word.js';
export { replaceAll } from './registries/replace-all.js';
export { unlistedRegistration } from './registries/unlisted-registration.js';
export { WatchBoard } from './registries/watch-board.js';
