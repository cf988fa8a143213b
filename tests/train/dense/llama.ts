/**
 * A Llama in plain float64: slow, and simple enough to be seen to be right.
 *
 * One whole sequence at a time; nothing is shared, cached, packed or blocked. It follows Hugging
 * Face's `LlamaForCausalLM`: RMSNorm, half-split rotary embedding, grouped heads, SwiGLU. Layers may
 * look back through a window, as Mistral's, or know no positions, as some of SmolLM3's.
 *
 * @module
 */

import { type DenseConfig, type DenseLayer, readDenseConfig } from "./config.ts";
import { beside, columnsOf, gatherRows, pick } from "./choose.ts";
import { add, combine, multiply, silu } from "./elementwise.ts";
import { linear, product } from "./product.ts";
import { logSoftmax, rmsNorm, softmax } from "./by_row.ts";
import { rotate } from "./rotate.ts";
import { Matrix, Tape } from "./tape.ts";

/** A model ready to be computed. */
export interface DenseLlama {
  config: DenseConfig;
  /** Parameters by Hugging Face's names; a tied model has only the embedding. */
  weights: ReadonlyMap<string, Matrix>;
}

/** A weight as the package or a file has it. */
interface Weight {
  shape: readonly number[];
  data: ArrayLike<number>;
}

/** Takes config.json and weights as they are in a Hugging Face folder. */
export function denseLlama(
  config: Readonly<Record<string, unknown>>,
  weights: ReadonlyMap<string, Weight>,
): DenseLlama {
  const matrix = ({ shape, data }: Weight) => {
    const columns = shape.at(-1)!;
    return new Matrix(data.length / columns, columns, Float64Array.from(data));
  };
  return {
    config: readDenseConfig(config),
    weights: new Map(Array.from(weights, ([name, weight]) => [name, matrix(weight)])),
  };
}

/** `[tokens][vocabulary]`: the scores of each position's next token. */
export function denseLogits(model: DenseLlama, ids: readonly number[]): Float64Array[] {
  const { data, columns } = logits(new Tape(), model, ids);
  return ids.map((_, at) => data.slice(at * columns, (at + 1) * columns));
}

/** `[tokens]`: the log-prob of each token after those before it; 0 for the first. */
export function denseLogProbs(model: DenseLlama, ids: readonly number[]): Float64Array {
  return Float64Array.of(0, ...tokenLogProbs(new Tape(), model, ids).data);
}

/** `[tokens - 1, 1]`: the log-prob of each token but the first, after those before it. */
export function tokenLogProbs(tape: Tape, model: DenseLlama, ids: readonly number[]): Matrix {
  const predicting = logSoftmax(tape, logits(tape, model, ids.slice(0, -1)));
  return pick(tape, predicting, ids.slice(1));
}

function logits(tape: Tape, model: DenseLlama, ids: readonly number[]): Matrix {
  const { layers, epsilon } = model.config;
  const embedding = eitherWeight(model, "model.embed_tokens.weight", "lm_head.weight");
  let hidden = gatherRows(tape, embedding, ids);
  layers.forEach((layer, index) => {
    const name = `model.layers.${index}`;
    const normed = (part: string) =>
      rmsNorm(tape, hidden, weightOf(model, `${name}.${part}.weight`), epsilon);
    hidden = add(tape, hidden, attention(tape, model, name, layer, normed("input_layernorm")));
    hidden = add(tape, hidden, mlp(tape, model, name, normed("post_attention_layernorm")));
  });
  const normed = rmsNorm(tape, hidden, weightOf(model, "model.norm.weight"), epsilon);
  return linear(tape, normed, eitherWeight(model, "lm_head.weight", "model.embed_tokens.weight"));
}

function attention(
  tape: Tape,
  model: DenseLlama,
  name: string,
  { rotary, window }: DenseLayer,
  x: Matrix,
): Matrix {
  const { heads, keyValueHeads, headDim, ropeTheta } = model.config;
  const weight = (part: string) => weightOf(model, `${name}.self_attn.${part}_proj.weight`);
  const split = (part: string, count: number) => {
    const whole = linear(tape, x, weight(part));
    return Array.from({ length: count }, (_, at) => columnsOf(tape, whole, at * headDim, headDim));
  };
  const turned = (head: Matrix) => rotary ? rotate(tape, head, ropeTheta) : head;
  const queries = split("q", heads).map(turned);
  const keys = split("k", keyValueHeads).map(turned);
  const values = split("v", keyValueHeads);

  const sees = (query: number, key: number) => key <= query && query - key < window;
  const mixed = queries.map((query, head) => {
    const group = Math.floor(head * keyValueHeads / heads);
    const scores = combine(tape, [[headDim ** -0.5, linear(tape, query, keys[group])]]);
    return product(tape, softmax(tape, scores, sees), values[group]);
  });
  return linear(tape, beside(tape, mixed), weight("o"));
}

function mlp(tape: Tape, model: DenseLlama, name: string, x: Matrix): Matrix {
  const through = (part: string, x: Matrix) =>
    linear(tape, x, weightOf(model, `${name}.mlp.${part}_proj.weight`));
  const gated = multiply(tape, silu(tape, through("gate", x)), through("up", x));
  return through("down", gated);
}

function weightOf(model: DenseLlama, name: string): Matrix {
  const found = model.weights.get(name);
  if (found === undefined) throw new Error(`The model has no ${name}`);
  return found;
}

/** A tied model stores only one of the two. */
function eitherWeight(model: DenseLlama, name: string, tied: string): Matrix {
  return model.weights.get(name) ?? weightOf(model, tied);
}
