/**
 * How long a stage itself took.
 *
 * @module
 */

/**
 * Measures a stage's own time: the time in which the next stage waited for it, and it did not
 * wait for the stage before.
 *
 * So a stage's time is what the run would be shorter without it, and not what its concurrent
 * calls add up to.
 */
export class StageClock {
  /** The time so far, in milliseconds. */
  own = 0;
  #awaited = false;
  #waits = false;
  #since = 0;

  #turn(now: number): void {
    if (this.#awaited && !this.#waits) this.own += now - this.#since;
    this.#since = now;
  }

  /** The next stage asks for a row. */
  asked(now: number): void {
    this.#turn(now);
    this.#awaited = true;
  }

  /** The next stage has got what it asked for. */
  answered(now: number): void {
    this.#turn(now);
    this.#awaited = false;
  }

  /** The stage asks the one before it. */
  asks(now: number): void {
    this.#turn(now);
    this.#waits = true;
  }

  /** The stage has got what it asked for. */
  got(now: number): void {
    this.#turn(now);
    this.#waits = false;
  }
}
