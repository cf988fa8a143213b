import { Random } from "../flow/mod.ts";

/** The randomness of a stage for one record: the run's seed, the stage's name, the record's id. */
export function randomOf(seed: number, stage: string, id: string): Random {
  return new Random(seed).fork(stage, id);
}

/** A seed for a sampler: the run's seed and the stage's name. */
export function samplerSeed(seed: number, stage: string): number {
  return new Random(seed).fork(stage).int(2 ** 31);
}
