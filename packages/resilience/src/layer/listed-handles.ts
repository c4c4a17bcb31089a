import { WeakHandles } from './weak-handles.js';

/** What the layers of one policy have built, over all its stacks; being listed keeps nothing alive. */
export class ListedHandles<T extends object> {
  #handles = new WeakHandles<T>();

  /** Those still in use, oldest first. */
  get alive(): readonly T[] {
    return this.#handles.alive;
  }

  /** Begins the list anew: a layer that is made anew takes the place of the one before it in every stack. */
  readonly list = (): ((handle: T) => void) => {
    const handles = new WeakHandles<T>();
    this.#handles = handles;
    return (handle) => handles.add(handle);
  };
}
