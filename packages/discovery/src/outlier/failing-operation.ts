/**
 * Whether only one operation fails at an endpoint while others are answered there. State: the names of up to two operations
 * that failed and two that were answered, since it was cleared.
 */
export class FailingOperation {
  #failed: string | undefined;
  #failedSeveral = false;
  #answered: string | undefined;
  #answeredSeveral = false;

  failed(operation: string): void {
    this.#failedSeveral ||= this.#failed !== undefined && this.#failed !== operation;
    this.#failed = operation;
  }

  answered(operation: string): void {
    this.#answeredSeveral ||= this.#answered !== undefined && this.#answered !== operation;
    this.#answered = operation;
  }

  /** The one that fails; undefined when none or several fail, or nothing else was answered. */
  get alone(): string | undefined {
    if (this.#failed === undefined || this.#failedSeveral) return undefined;
    const other = this.#answeredSeveral || (this.#answered !== undefined && this.#answered !== this.#failed);
    return other ? this.#failed : undefined;
  }

  clear(): void {
    this.#failed = undefined;
    this.#failedSeveral = false;
    this.#answered = undefined;
    this.#answeredSeveral = false;
  }
}
