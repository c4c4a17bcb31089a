/** A process that does nothing but serve the embedded registry, so that it can be killed alone. */
import { localRegistry } from '@fwk/discovery';
import { registryPlace } from './registry-place.js';
import { endWithDrill, tell } from './tell.js';

endWithDrill();
const place = registryPlace();
if (place.kind !== 'local') throw new Error('only the embedded registry is served by a process of ours');
const { port } = place;
const registry = localRegistry(
  { port },
  {
    events: {
      emit(name) {
        if (name === 'registry.took-over') tell({ is: 'ready', instance: 'registry', port });
      },
    },
  },
);
registry.services();
