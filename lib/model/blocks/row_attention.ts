import {
  type AttentionPlanValues,
  blockwiseAttention,
  type Graph,
  type Value,
} from "../../onnx/mod.ts";
import type { ModelConfig } from "../model_config.ts";
import type { Attend } from "./scope.ts";

/** How the row is cut up for attention, as inputs. */
function planInputs(g: Graph): AttentionPlanValues {
  return {
    blocks: g.input("blocks", "int64", ["blocks", 10]),
    near: g.input("near", "int64", ["near", 8]),
    tiles: g.input("tiles", "int64", ["tiles", 8]),
    masks: g.input("masks", "float32", ["masks"]),
    longest: g.input("longest", "int64", [4]),
    queryPlaces: g.input("query_places", "int64", ["tokens"]),
    keyPlaces: g.input("key_places", "int64", ["tokens"]),
    blockPlaces: g.input("block_places", "int64", ["blocks"]),
  };
}

/** Blockwise attention over a whole row, and what of it the gradient takes again. */
export function rowAttention(
  g: Graph,
  config: ModelConfig,
): { attend: Attend; kept: Readonly<Record<string, Value>> } {
  const plan = planInputs(g);
  const { headCount: heads, keyValueHeadCount: keyValueHeads } = config;
  // Attention grows with the square of the row; what it gives, with the row.
  const kept: Record<string, Value> = {};
  const attend: Attend = (q, k, v) => {
    const result = blockwiseAttention(g, q, k, v, plan, { heads, keyValueHeads });
    Object.assign(kept, result);
    return result.mixed;
  };
  return { attend, kept };
}
