/**
 * A Llama in plain float64 loops: slow, and simple enough to be seen to be right.
 *
 * One whole sequence at a time; nothing is shared, cached, packed or blocked. It follows Hugging
 * Face's `LlamaForCausalLM`: RMSNorm, half-split rotary embedding, grouped heads, SwiGLU.
 *
 * @module
 */

/** The sizes that config.json gives. */
export interface DenseConfig {
  hidden: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  ropeTheta: number;
  rmsNormEps: number;
}

/** A model ready to be computed. */
export interface DenseLlama {
  config: DenseConfig;
  /** Parameters by Hugging Face's names, row-major, output features first. */
  weights: ReadonlyMap<string, ArrayLike<number>>;
}

/** `[tokens][features]` */
type Rows = Float64Array[];

/** Takes config.json and weights as they are in a Hugging Face folder. */
export function denseLlama(
  config: Readonly<Record<string, unknown>>,
  weights: ReadonlyMap<string, { data: ArrayLike<number> }>,
): DenseLlama {
  const rope = (config.rope_parameters ?? config) as { rope_theta: number; rope_type?: string };
  const scaled = config.rope_scaling || (rope.rope_type ?? "default") !== "default";
  if (scaled || config.attention_bias || config.mlp_bias || config.hidden_act !== "silu") {
    throw new Error("The dense reference knows plain Llamas: silu, no biases, no RoPE scaling");
  }
  const hidden = config.hidden_size as number;
  const heads = config.num_attention_heads as number;
  return {
    config: {
      hidden,
      layers: config.num_hidden_layers as number,
      heads,
      keyValueHeads: config.num_key_value_heads as number,
      headDim: (config.head_dim as number | undefined) ?? hidden / heads,
      ropeTheta: rope.rope_theta,
      rmsNormEps: config.rms_norm_eps as number,
    },
    weights: new Map([...weights].map(([name, { data }]) => [name, data])),
  };
}

/** `[tokens][vocabulary]`: the scores of each position's next token. */
export function denseLogits(model: DenseLlama, ids: readonly number[]): Float64Array[] {
  const { hidden, layers } = model.config;
  const embeddings = eitherWeight(model, "model.embed_tokens.weight", "lm_head.weight");
  const head = eitherWeight(model, "lm_head.weight", "model.embed_tokens.weight");

  let rows: Rows = ids.map((id) =>
    Float64Array.from({ length: hidden }, (_, feature) => embeddings[id * hidden + feature])
  );
  for (let layer = 0; layer < layers; layer++) {
    const name = `model.layers.${layer}`;
    rows = add(rows, attention(model, name, norm(model, `${name}.input_layernorm`, rows)));
    rows = add(rows, mlp(model, name, norm(model, `${name}.post_attention_layernorm`, rows)));
  }
  return multiply(norm(model, "model.norm", rows), head);
}

/** `[tokens]`: the log-prob of each token after those before it; 0 for the first. */
export function denseLogProbs(model: DenseLlama, ids: readonly number[]): Float64Array {
  const logits = denseLogits(model, ids);
  return Float64Array.from(ids, (id, at) => at === 0 ? 0 : Math.log(softmax(logits[at - 1])[id]));
}

function attention(model: DenseLlama, name: string, rows: Rows): Rows {
  const { heads, keyValueHeads, headDim } = model.config;
  const project = (part: string): Rows => linear(model, `${name}.self_attn.${part}`, rows);
  const queries = splitHeads(project("q_proj"), headDim).map((head) => rotate(model, head));
  const keys = splitHeads(project("k_proj"), headDim).map((head) => rotate(model, head));
  const values = splitHeads(project("v_proj"), headDim);

  const queriesPerKey = heads / keyValueHeads;
  const mixed = queries.map((head, index) => {
    const group = Math.floor(index / queriesPerKey);
    return causalMix(head, keys[group], values[group]);
  });
  const joined = rows.map((_, at) => Float64Array.from(mixed.flatMap((head) => [...head[at]])));
  return linear(model, `${name}.self_attn.o_proj`, joined);
}

/** One head: every position takes the mean of the values up to it, weighted by its query. */
function causalMix(queries: Rows, keys: Rows, values: Rows): Rows {
  return queries.map((query, at) => {
    const seen = keys.slice(0, at + 1);
    const weights = softmax(
      Float64Array.from(seen, (key) => dot(query, key) / Math.sqrt(query.length)),
    );
    return query.map((_, feature) =>
      weights.reduce((sum, weight, key) => sum + weight * values[key][feature], 0)
    );
  });
}

/** Turns feature i of each row together with feature i + half by its position's angle. */
function rotate(model: DenseLlama, head: Rows): Rows {
  const { headDim, ropeTheta } = model.config;
  const half = headDim / 2;
  return head.map((row, position) => {
    const turned = new Float64Array(headDim);
    for (let index = 0; index < half; index++) {
      const angle = position * ropeTheta ** (-2 * index / headDim);
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      turned[index] = row[index] * cosine - row[index + half] * sine;
      turned[index + half] = row[index + half] * cosine + row[index] * sine;
    }
    return turned;
  });
}

function mlp(model: DenseLlama, name: string, rows: Rows): Rows {
  const gates = linear(model, `${name}.mlp.gate_proj`, rows);
  const ups = linear(model, `${name}.mlp.up_proj`, rows);
  const gated = gates.map((gate, at) =>
    gate.map((value, feature) => silu(value) * ups[at][feature])
  );
  return linear(model, `${name}.mlp.down_proj`, gated);
}

function norm(model: DenseLlama, name: string, rows: Rows): Rows {
  const scale = weight(model, `${name}.weight`);
  return rows.map((row) => {
    const length = Math.sqrt(dot(row, row) / row.length + model.config.rmsNormEps);
    return row.map((value, feature) => value / length * scale[feature]);
  });
}

function linear(model: DenseLlama, name: string, rows: Rows): Rows {
  return multiply(rows, weight(model, `${name}.weight`));
}

/** Rows times the transpose of `[outputs, inputs]`. */
function multiply(rows: Rows, matrix: ArrayLike<number>): Rows {
  const inputs = rows[0].length;
  const outputs = matrix.length / inputs;
  return rows.map((row) => {
    const product = new Float64Array(outputs);
    for (let output = 0; output < outputs; output++) {
      for (let input = 0; input < inputs; input++) {
        product[output] += row[input] * matrix[output * inputs + input];
      }
    }
    return product;
  });
}

/** `[heads][tokens][headDim]` */
function splitHeads(rows: Rows, headDim: number): Rows[] {
  const heads = rows[0].length / headDim;
  return Array.from(
    { length: heads },
    (_, head) => rows.map((row) => row.slice(head * headDim, (head + 1) * headDim)),
  );
}

function softmax(scores: Float64Array): Float64Array {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

function add(left: Rows, right: Rows): Rows {
  return left.map((row, at) => row.map((value, feature) => value + right[at][feature]));
}

function dot(left: Float64Array, right: Float64Array): number {
  return left.reduce((sum, value, index) => sum + value * right[index], 0);
}

function silu(value: number): number {
  return value / (1 + Math.exp(-value));
}

function weight(model: DenseLlama, name: string): ArrayLike<number> {
  const found = model.weights.get(name);
  if (found === undefined) throw new Error(`The model has no ${name}`);
  return found;
}

/** A tied model stores only one of the two. */
function eitherWeight(model: DenseLlama, name: string, tied: string): ArrayLike<number> {
  return model.weights.get(name) ?? weight(model, tied);
}
