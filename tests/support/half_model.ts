import {
  type HalfDtype,
  heldAs,
  type ModelConfig,
  type Parameters,
  type Weights,
  widened,
} from "../../lib/model/mod.ts";
import { smallModel, type SmallModelOptions } from "./small_model.ts";

/** A small model in 16 bits, and the same numbers in float32. */
export function halfModel(
  dtype: HalfDtype,
  options: SmallModelOptions = {},
): { config: ModelConfig; weights: Weights; parameters: Parameters } {
  const { config, parameters } = smallModel(options);
  const weights = new Map([...parameters].map(([name, one]) => [name, heldAs(one, dtype)]));
  return { config, weights, parameters: widened(weights) };
}
