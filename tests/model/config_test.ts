import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  expectedParameters,
  parameterCount,
  parseConfig,
  withRopeTheta,
} from "../../lib/model/mod.ts";

const RAW = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 100,
  hidden_size: 24,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  rope_scaling: null,
  bos_token_id: 1,
  eos_token_id: [2, 3],
};

Deno.test("parseConfig reads a Llama's numbers", () => {
  const { raw, ...config } = parseConfig(RAW, { eos_token_id: [3, 4] });
  assertEquals(raw, RAW);
  assertEquals(config, {
    architecture: "llama",
    vocabSize: 100,
    hiddenSize: 24,
    intermediateSize: 48,
    layerCount: 2,
    headCount: 6,
    keyValueHeadCount: 2,
    headSize: 4,
    ropeTheta: 500000,
    maxPositions: 512,
    normEpsilon: 1e-5,
    tieEmbeddings: false,
    bosTokenId: 1,
    eosTokenIds: [2, 3, 4],
  });
});

Deno.test("parseConfig fills in what Llama's config leaves out", () => {
  const { num_key_value_heads: _, rope_theta: __, rms_norm_eps: ___, ...bare } = RAW;
  const config = parseConfig(bare);
  assertEquals(config.keyValueHeadCount, 6);
  assertEquals(config.ropeTheta, 10_000);
  assertEquals(config.normEpsilon, 1e-6);
});

Deno.test("parseConfig takes a head's width from head_dim", () => {
  assertEquals(parseConfig({ ...RAW, head_dim: 8 }).headSize, 8);
  assertEquals(parseConfig({ ...RAW, head_dim: null }).headSize, 4);
});

Deno.test("parseConfig reads the rotary base where Transformers 5 writes it", () => {
  const { rope_theta: _, rope_scaling: __, ...bare } = RAW;
  const rope_parameters = { rope_type: "default", rope_theta: 20000 };
  assertEquals(parseConfig({ ...bare, rope_parameters }).ropeTheta, 20000);
});

Deno.test("parseConfig knows an architecture without a model type", () => {
  const { model_type: _, ...bare } = RAW;
  assertEquals(parseConfig(bare).architecture, "llama");
});

const REFUSED: [change: Record<string, unknown>, message: string][] = [
  [{ model_type: "mamba" }, `"model_type" is "mamba", which is not supported`],
  [{ model_type: "toString" }, `"model_type" is "toString", which is not supported`],
  [{ model_type: undefined, architectures: ["GPT2LMHeadModel"] }, `"architectures" is ["GPT2`],
  [{ model_type: undefined, architectures: undefined }, `neither "model_type" nor "arch`],
  [{ hidden_act: "gelu" }, `"hidden_act" is "gelu", which is not supported`],
  [{ attention_bias: true }, `"attention_bias" is true, which is not supported`],
  [{ mlp_bias: true }, `"mlp_bias" is true, which is not supported`],
  [{ quantization_config: { bits: 4 } }, `"quantization_config" is {"bits":4}`],
  [{ rope_scaling: { type: "longrope" } }, `"rope_scaling" is {"type":"longrope"}`],
  [{ rope_scaling: "yarn" }, `"rope_scaling" is "yarn"`],
  [{ rope_parameters: { rope_type: "su" } }, `"rope_parameters" is {"rope_type":"su"}`],
  [{ rope_scaling: { rope_type: "llama3" } }, `"rope_scaling": "factor" is missing`],
  [{ rope_scaling: { rope_type: "linear", factor: 0 } }, `"rope_scaling": "factor" is 0; it must`],
  [{ partial_rotary_factor: 0.5 }, `"partial_rotary_factor" is 0.5, which is not supported`],
  [{ model_type: "mistral", sliding_window: "4" }, `"sliding_window" is "4"; it must be a whole`],
  [{ model_type: "qwen3", attention_bias: true }, `"attention_bias" is true`],
  [{ model_type: "phi3", rope_scaling: { type: "yarn" } }, `"rope_scaling" is {"type":"yarn"}`],
  [{ model_type: "smollm3", no_rope_layers: [1] }, `"no_rope_layers" is [1]`],
  [
    { model_type: "qwen2", use_sliding_window: true, layer_types: ["full_attention", "linear"] },
    `"layer_types" is ["full_attention","linear"]`,
  ],
  [{ vocab_size: undefined }, `"vocab_size" is undefined; it must be a whole number above 0`],
  [{ hidden_size: "24" }, `"hidden_size" is "24"; it must be a whole number above 0`],
  [{ num_hidden_layers: 0 }, `"num_hidden_layers" is 0; it must be`],
  [{ rms_norm_eps: -1 }, `"rms_norm_eps" is -1; it must be a number above 0`],
  [{ tie_word_embeddings: "yes" }, `"tie_word_embeddings" is "yes"; it must be true or false`],
  [{ num_key_value_heads: 4 }, `"num_attention_heads" (6) is not a multiple`],
  [{ hidden_size: 25 }, `"hidden_size" (25) is not a multiple of "num_attention_heads" (6)`],
  [{ hidden_size: 18 }, `heads are 3 wide`],
];

for (const [change, message] of REFUSED) {
  const shown = JSON.stringify(change, (_, value) => value === undefined ? "nothing" : value);
  Deno.test(`parseConfig refuses ${shown}`, () => {
    const parse = () => parseConfig({ ...RAW, ...change }, {}, "m/config.json");
    const error = assertThrows(parse, UserError);
    assertStringIncludes(error.message, "m/config.json");
    assertStringIncludes(error.message, message);
  });
}

Deno.test("withRopeTheta changes the base and nothing else", () => {
  const config = parseConfig(RAW);
  assertEquals(withRopeTheta(config, 1e6), { ...config, ropeTheta: 1e6 });
  assertThrows(() => withRopeTheta(config, NaN), UserError, "not NaN");
  assertThrows(() => withRopeTheta(config, 0), UserError, "not 0");
});

Deno.test("expectedParameters lists a Llama's weights", () => {
  const shapes = expectedParameters(parseConfig(RAW));
  assertEquals(shapes.size, 1 + 2 * 9 + 2);
  assertEquals(shapes.get("model.embed_tokens.weight"), [100, 24]);
  assertEquals(shapes.get("model.layers.1.self_attn.k_proj.weight"), [8, 24]);
  assertEquals(shapes.get("model.layers.1.self_attn.o_proj.weight"), [24, 24]);
  assertEquals(shapes.get("model.layers.0.mlp.down_proj.weight"), [24, 48]);
  assertEquals(shapes.get("lm_head.weight"), [100, 24]);
  assertEquals(shapes.has("model.layers.2.mlp.down_proj.weight"), false);
});

Deno.test("expectedParameters leaves out a tied head", () => {
  const shapes = expectedParameters(parseConfig({ ...RAW, tie_word_embeddings: true }));
  assertEquals(shapes.has("lm_head.weight"), false);
});

Deno.test("parameterCount counts tied weights once", () => {
  const tied = { ...RAW, tie_word_embeddings: true };
  assertEquals(parameterCount(parseConfig(RAW)) - parameterCount(parseConfig(tied)), 100 * 24);
});
