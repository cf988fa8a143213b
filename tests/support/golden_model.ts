import { type ModelConfig, type Parameters, parseConfig } from "../../lib/model/mod.ts";
import type { GoldenCase } from "./golden_cases.ts";

/** A recorded model, as the library holds it; parameters are copies. */
export function goldenModel(
  { config, weights }: GoldenCase,
): { config: ModelConfig; parameters: Parameters } {
  const parameters: Parameters = new Map();
  for (const [name, { shape, data }] of weights) {
    parameters.set(name, { name, shape: [...shape], data: data.slice() });
  }
  return { config: parseConfig({ ...config }), parameters };
}
