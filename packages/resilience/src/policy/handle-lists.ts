import type { HandleKind } from '../layer/handle-kind.js';
import { ListedHandles } from '../layer/listed-handles.js';

/** What the layers of one policy list, by kind. */
export class HandleLists {
  readonly #byKind = new Map<object, object>();

  of<Handle extends object>(kind: HandleKind<Handle>): ListedHandles<Handle> {
    // The list of a kind holds only handles of that kind: this class makes them.
    const known = this.#byKind.get(kind) as ListedHandles<Handle> | undefined;
    if (known) return known;
    const made = new ListedHandles<Handle>();
    this.#byKind.set(kind, made);
    return made;
  }
}
