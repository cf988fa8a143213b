import { type ModelConfig, type Parameters, randomParameters } from "@longpo/longpo/model";

/** Standard deviation of the embedding's first weights. */
const EMBEDDING_DEVIATION = 0.3;

/**
 * First weights whose layers keep the size of what passes through them: a standard deviation of one
 * over the root of the inputs. With Llama's 0.02 so small a model stays for thousands of steps
 * where it says any value of the document.
 */
export function firstWeights(config: ModelConfig, seed: number): Parameters {
  const unit = { ...config, raw: { ...config.raw, initializer_range: 1 } };
  const parameters = randomParameters(unit, seed);
  for (const { name, shape, data } of parameters.values()) {
    if (shape.length === 1) continue;
    const deviation = name.includes("embed_tokens") ? EMBEDDING_DEVIATION : shape[1] ** -0.5;
    for (let at = 0; at < data.length; at++) data[at] *= deviation;
  }
  return parameters;
}
