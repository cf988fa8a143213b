import { plainFrequencies, type RopeRule } from "./rope_rule.ts";

/** Linear scaling (position interpolation, Chen et al. 2023): positions divided by a factor. */
export const linear: RopeRule = {
  read: (config) => ({ factor: config.positive("factor") }),
  frequencies: ({ factor }, base) => plainFrequencies(base).map((frequency) => frequency / factor),
};
