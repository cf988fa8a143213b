import { plainFrequencies, type RopeRule } from "./rope_rule.ts";

/**
 * Llama 3.1's scaling: long wavelengths are stretched, short ones stay, those between are mixed.
 */
export const llama3: RopeRule = {
  read: (config, trainedLength) => ({
    factor: config.positive("factor"),
    lowFactor: config.positive("low_freq_factor"),
    highFactor: config.positive("high_freq_factor"),
    trainedLength,
  }),
  frequencies({ factor, lowFactor, highFactor, trainedLength }, base) {
    return plainFrequencies(base).map((frequency) => {
      const turns = trainedLength * frequency / (2 * Math.PI);
      const kept = Math.min(1, Math.max(0, (turns - lowFactor) / (highFactor - lowFactor)));
      return (1 - kept) * frequency / factor + kept * frequency;
    });
  },
};
