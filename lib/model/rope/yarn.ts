import type { ConfigReader } from "../config_reader.ts";
import { plainFrequencies, type RopeRule } from "./rope_rule.ts";

/** How much larger scores are to be when contexts grow by a factor. */
function temperature(factor: number, weight = 1): number {
  return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
}

function attentionFactor(config: ConfigReader, factor: number): number {
  const { attention_factor: own, mscale, mscale_all_dim: all } = config.raw;
  if (own !== undefined && own !== null) return config.positive("attention_factor");
  if (!mscale || !all) return temperature(factor);
  return temperature(factor, config.positive("mscale")) /
    temperature(factor, config.positive("mscale_all_dim"));
}

/**
 * YaRN (Peng et al. 2023): frequencies that turn seldom in the trained length are divided by the
 * factor, those that turn often stay, with a ramp between; scores grow by an attention factor.
 */
export const yarn: RopeRule = {
  read(config, trainedLength) {
    const factor = config.positive("factor");
    return {
      factor,
      trainedLength,
      attentionFactor: attentionFactor(config, factor),
      fast: config.positive("beta_fast", 32),
      slow: config.positive("beta_slow", 1),
      wholeSteps: Number(config.flag("truncate", true)),
    };
  },
  frequencies({ factor, trainedLength, fast, slow, wholeSteps }, base) {
    const { theta, headSize } = base;
    // The dimension whose frequency turns so many times in the trained length.
    const dimension = (turns: number) =>
      headSize * Math.log(trainedLength / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    const [first, last] = [dimension(fast), dimension(slow)];
    const low = Math.max(wholeSteps ? Math.floor(first) : first, 0);
    const high = Math.min(wholeSteps ? Math.ceil(last) : last, headSize - 1);
    const width = low === high ? 0.001 : high - low;
    return plainFrequencies(base).map((frequency, at) => {
      const stretched = Math.min(1, Math.max(0, (at - low) / width));
      return frequency / factor * stretched + frequency * (1 - stretched);
    });
  },
  attentionFactor: ({ attentionFactor }) => attentionFactor,
};
