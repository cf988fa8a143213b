/**
 * Who leaves first: the lanes in which concurrent work runs, and the order in which they are read.
 *
 * @module
 */

/** A fixed number of lanes, each free, at work, or finished and not yet read. */
export interface Lanes {
  /** Takes a free lane; there must be one. */
  claim(): number;
  /** Says that the work in a lane is finished. */
  finish(lane: number): void;
  /** Frees the next finished lane in order and gives it, or -1 if the consumer has to wait. */
  read(): number;
}

/** Lanes that are read in the order in which they were claimed. */
export class OrderedLanes implements Lanes {
  readonly #finished: boolean[];
  #newest = 0;
  #oldest = 0;

  constructor(size: number) {
    this.#finished = new Array(size).fill(false);
  }

  claim(): number {
    const lane = this.#newest;
    this.#newest = lane + 1 === this.#finished.length ? 0 : lane + 1;
    return lane;
  }

  finish(lane: number): void {
    this.#finished[lane] = true;
  }

  read(): number {
    const lane = this.#oldest;
    if (!this.#finished[lane]) return -1;
    this.#finished[lane] = false;
    this.#oldest = lane + 1 === this.#finished.length ? 0 : lane + 1;
    return lane;
  }
}

/** Lanes that are read in the order in which they finished. */
export class UnorderedLanes implements Lanes {
  readonly #free: number[];
  readonly #finished: number[];
  #newest = 0;
  #oldest = 0;

  constructor(size: number) {
    this.#free = Array.from({ length: size }, (_, lane) => lane);
    this.#finished = new Array(size).fill(-1);
  }

  claim(): number {
    return this.#free.pop()!;
  }

  finish(lane: number): void {
    this.#finished[this.#newest] = lane;
    this.#newest = this.#newest + 1 === this.#finished.length ? 0 : this.#newest + 1;
  }

  read(): number {
    const lane = this.#finished[this.#oldest];
    if (lane === -1) return -1;
    this.#finished[this.#oldest] = -1;
    this.#oldest = this.#oldest + 1 === this.#finished.length ? 0 : this.#oldest + 1;
    this.#free.push(lane);
    return lane;
  }
}
