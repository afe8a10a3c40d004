/**
 * Wakes a loop. `wait()` resolves once `ring()` has been called since `clear()`, after everything else that this turn
 * of the event loop has to do. So things that happen together are seen together.
 */
export class Wakeup {
  #resolve: (() => void) | undefined;
  #rang = false;

  clear(): void {
    this.#rang = false;
  }

  ring(): void {
    this.#rang = true;
    this.#resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.#rang) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#resolve = undefined;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
