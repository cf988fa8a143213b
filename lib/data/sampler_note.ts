import type { Sampler, SamplingOptions } from "../generate/types.ts";
import type { SamplerNote } from "./record.ts";

/** How a stage samples; its seed comes from the run's seed and the record's id. */
export type StageSampling = Omit<SamplingOptions, "seed" | "signal">;

/** The note with what one stage did written into it. */
export function noted(
  note: SamplerNote | undefined,
  stage: string,
  { sampler, sampling, seed }: {
    sampler: Sampler;
    sampling: Partial<StageSampling>;
    seed: number;
  },
): SamplerNote {
  const given = Object.entries(sampling).filter(([, value]) => value !== undefined);
  return {
    name: sampler.name,
    seed,
    parameters: {
      ...note?.parameters,
      [stage]: { sampler: sampler.name, ...Object.fromEntries(given) },
    },
  };
}
