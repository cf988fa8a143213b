/**
 * The memory that all sessions take their values from.
 *
 * @module
 */

import { type CApi, type Handle, made } from "./c_api.ts";
import { Names } from "./names.ts";

const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;

/**
 * The arena grows by twice as much each time, so that values find room side by side; what no value ever
 * reaches of it is not resident. Grown by each value's own size it falls into pieces that fit nothing
 * else (a row of 3,072 tokens: a fifth more in all).
 */
const NEXT_POWER_OF_TWO = 0n;

/** Values larger than this have room to themselves: few are, and their size comes again. */
const LARGEST_GROWTH = 64n * 2n ** 20n;

/** How much larger than a value the piece may be that it gets: of larger ones the rest stays free. */
const LARGEST_WASTE = 65_536n;

const CONFIG = {
  arena_extend_strategy: NEXT_POWER_OF_TWO,
  max_power_of_two_extend_bytes: LARGEST_GROWTH,
  max_dead_bytes_per_chunk: LARGEST_WASTE,
};

/**
 * Makes the sessions of an environment share one arena.
 *
 * Each would keep its own otherwise, as large as the largest that it ever needed, though only one of
 * a step's sessions runs at a time. Without any arena a step takes less still, and a third more processor
 * time: memory is handed back and made anew all the while.
 */
export function shareArena(api: CApi, environment: Handle): void {
  const memory = made((out) => api.CreateCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, out));
  const keys = new Names(Object.keys(CONFIG));
  const values = BigUint64Array.from(Object.values(CONFIG));
  const config = made((out) => api.CreateArenaCfgV2(keys.pointers, values, values.length, out));
  try {
    api.CreateAndRegisterAllocator(environment, memory, config);
  } finally {
    api.ReleaseArenaCfg(config);
    api.ReleaseMemoryInfo(memory);
  }
}
