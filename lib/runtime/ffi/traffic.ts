import type { Tensors } from "../tensor.ts";
import type { HostTensor } from "../tensor.ts";
import type { Handle } from "./c_api.ts";

/** A run, with all the arrays that native code may touch before it ends. */
export class Trip {
  readonly session: Handle;
  readonly inputs: Tensors;
  /** What is written: tensors that were given, and those made for the run. */
  readonly outputs: Record<string, HostTensor>;
  readonly #ended = Promise.withResolvers<void>();

  /** @param into Tensors that the caller gave for outputs. */
  constructor(session: Handle, inputs: Tensors, into: Tensors) {
    this.session = session;
    this.inputs = inputs;
    this.outputs = { ...into };
  }

  /** Settles when the run is over, however it went. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Lets those go that waited for this run. */
  end(): void {
    this.#ended.resolve();
  }

  /** Whether two runs cannot overlap: one session holds one run's memory, and sums in place stay sums. */
  collidesWith(other: Trip): boolean {
    return this.session === other.session || overlap(this.outputs, other.outputs) ||
      overlap(this.inputs, other.outputs) || overlap(this.outputs, other.inputs);
  }
}

function overlap(these: Tensors, those: Tensors): boolean {
  const others = Object.values(those);
  return Object.values(these).some(({ data: a }) =>
    others.some(({ data: b }) =>
      a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength &&
      b.byteOffset < a.byteOffset + a.byteLength
    )
  );
}

/** All runs of this isolate that wait or go on; what is in here is not collected. */
const trips = new Set<Trip>();

/** Whether several runs wait or go on. */
export function isCrowded(): boolean {
  return trips.size > 1;
}

/** Sets out, after earlier runs that this one would collide with; nothing where there are none. */
export function enter(trip: Trip): Promise<unknown> | undefined {
  const ahead = [...trips].filter((other) => trip.collidesWith(other));
  trips.add(trip);
  return ahead.length > 0 ? Promise.all(ahead.map(({ ended }) => ended)) : undefined;
}

/** Ends a run. */
export function leave(trip: Trip): void {
  trips.delete(trip);
  trip.end();
}
