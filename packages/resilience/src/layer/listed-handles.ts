import { WeakHandles } from './weak-handles.js';

/** What the layers of one policy have built, over all its stacks; being listed keeps nothing alive. */
export class ListedHandles<T extends object> {
  /** Is told of each that is added. */
  onAdded: ((handle: T) => void) | undefined;
  readonly #byOwner = new Map<string, WeakHandles<T>>();

  /** Those still in use, by owner, of each the oldest first. */
  get alive(): readonly T[] {
    return [...this.#byOwner.values()].flatMap((handles) => handles.alive);
  }

  /**
   * Begins a new list: a layer that is made again replaces the former one in every stack.
   * @param owner - whose layer it is: of an operation that has one for itself, or of all others.
   */
  list(owner: string): (handle: T) => void {
    const handles = new WeakHandles<T>();
    this.#byOwner.set(owner, handles);
    return (handle) => {
      handles.add(handle);
      this.onAdded?.(handle);
    };
  }
}
