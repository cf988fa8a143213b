import type { Weights } from "../model/mod.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** Where gradients are added up: memory only for those that something has been added to. */
export class GradientBuffers {
  readonly #parameters: Weights;
  readonly #held = new Map<string, Numbers>();
  /** Given back, to be used for others of the same length. */
  readonly #free: Numbers[] = [];

  /** For the gradients of these parameters. */
  constructor(parameters: Weights) {
    this.#parameters = parameters;
  }

  /** Gradients of all parameters, in their order. */
  get all(): Map<string, Numbers> {
    return new Map([...this.#parameters.keys()].map((name) => [name, this.of(name)]));
  }

  /** Whether the parameter learns. */
  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  /** A parameter's gradient, zeros at first. */
  of(name: string): Numbers {
    const held = this.#held.get(name);
    if (held) return held;
    const buffer = this.#take(this.#parameters.get(name)!.data.length);
    this.#held.set(name, buffer);
    return buffer;
  }

  /** Forgets a parameter's gradient; the memory may become another one's. */
  release(name: string): void {
    const held = this.#held.get(name);
    if (!held) return;
    this.#held.delete(name);
    this.#free.push(held);
  }

  /** Sets all gradients to zero. */
  clear(): void {
    for (const gradient of this.#held.values()) gradient.fill(0);
  }

  #take(length: number): Numbers {
    const at = this.#free.findIndex((buffer) => buffer.length === length);
    if (at < 0) return new Float32Array(length);
    return this.#free.splice(at, 1)[0].fill(0);
  }
}
