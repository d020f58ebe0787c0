/** A step of the system's clock that is taken over: less is the drift between two looks. */
const STEP_MS = 5;
/** Time between two looks at the system's clock. */
const LOOK_MS = 1000;

/**
 * Wall clock with the resolution of the monotonic one. Follows the system's clock, looked at once a second.
 */
export class Clock {
  #origin = performance.timeOrigin;
  #looked = Number.NEGATIVE_INFINITY;

  /** ms since 1970-01-01T00:00:00Z, with fractions of a microsecond. */
  now(): number {
    const elapsed = performance.now();
    if (elapsed - this.#looked > LOOK_MS) {
      this.#looked = elapsed;
      // Date.now() has whole milliseconds: the middle of the one that it names is the best guess.
      const wall = Date.now() + 0.5;
      if (Math.abs(wall - (this.#origin + elapsed)) > STEP_MS) this.#origin = wall - elapsed;
    }
    return this.#origin + elapsed;
  }
}
