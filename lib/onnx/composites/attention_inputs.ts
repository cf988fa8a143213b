import type { Node, Value } from "../graph.ts";
import type { AttentionPlanValues, Heads } from "./attention.ts";

/** The inputs of an attention node. */
export class AttentionInputs {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly plan: AttentionPlanValues;
  /** What the gradient reads beside the forward's inputs. */
  readonly rest: Value[];
  readonly heads: Heads;

  constructor({ inputs, attributes }: Node) {
    const [q, k, v, blocks, near, tiles, masks, longest, ...more] = inputs as Value[];
    const [queryPlaces, keyPlaces, blockPlaces, ...rest] = more;
    this.q = q;
    this.k = k;
    this.v = v;
    this.plan = { blocks, near, tiles, masks, longest, queryPlaces, keyPlaces, blockPlaces };
    this.rest = rest;
    const { heads, keyValueHeads } = attributes as unknown as Heads;
    this.heads = { heads, keyValueHeads };
  }
}
