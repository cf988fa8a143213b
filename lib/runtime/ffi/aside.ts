/**
 * Native work on another thread, while this one goes on.
 *
 * @module
 */

/**
 * Whether work may go on on another thread. Not in a worker: it can be ended from outside at any time, and
 * its arrays would be freed under the native code's hands.
 */
export const MAY_GO_ASIDE = !("DedicatedWorkerGlobalScope" in globalThis);

/** What native code sets a number in when it is done. */
export type Mark = BigUint64Array<ArrayBuffer>;

/** What is going on: marks that are still 0, and what must not be collected meanwhile. */
const going = new Map<Mark, unknown>();

/** Work that fails sets no mark, and nobody should wait for it for ever. */
const LONGEST_GOODBYE_MS = 30_000;

const lock = new Int32Array(new SharedArrayBuffer(4));

/** Stands still until nothing goes on. */
function waitForAll(): void {
  if (going.size === 0) return;
  const end = performance.now() + LONGEST_GOODBYE_MS;
  const pause = () => Atomics.wait(lock, 0, 0, 1);
  for (const mark of going.keys()) {
    while (mark[0] === 0n && performance.now() < end) pause();
  }
  // The mark is set a moment before the work is over.
  pause();
}

let listening = false;

/** What may end the program frees all its arrays: that waits until native code has let them go. */
function listen(): void {
  if (listening) return;
  listening = true;
  for (const end of ["error", "unhandledrejection", "unload"]) addEventListener(end, waitForAll);
}

/**
 * Makes a call on another thread.
 *
 * @param mark Becomes other than 0 when the work is done.
 * @param held What the work reads and writes.
 */
export async function aside(mark: Mark, held: unknown, call: () => Promise<void>): Promise<void> {
  listen();
  going.set(mark, held);
  try {
    await call();
  } finally {
    going.delete(mark);
  }
}
