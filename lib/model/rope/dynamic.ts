import { plainFrequencies, type RopeRule } from "./rope_rule.ts";

/**
 * Dynamic NTK scaling: the base grows with the sequence, once it is longer than those trained on.
 */
export const dynamic: RopeRule = {
  read: (config, trainedLength) => ({ factor: config.positive("factor"), trainedLength }),
  frequencies({ factor, trainedLength }, { theta, headSize, length }) {
    const grown = factor * Math.max(length, trainedLength) / trainedLength - (factor - 1);
    return plainFrequencies({ theta: theta * grown ** (headSize / (headSize - 2)), headSize });
  },
  byLength: true,
};
