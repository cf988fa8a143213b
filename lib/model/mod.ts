/**
 * Models: config, weights, tokenizer and chat template of a Hugging Face folder, and the
 * architectures as graphs.
 *
 * {@linkcode loadModel} reads a folder. A model reads rows: several documents, each a beginning
 * with its continuations, packed by {@linkcode packRow} without padding, so that what continuations
 * share is computed once.
 *
 * Architectures are put together from blocks such as {@linkcode selfAttention}, and
 * {@linkcode registerArchitecture} adds one.
 *
 * @example A model that has learnt nothing finds all tokens alike
 * ```ts
 * import { packRow, parseConfig, randomParameters, RowForward } from "@longpo/longpo/model";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 16,
 *   hidden_size: 8,
 *   intermediate_size: 16,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 * });
 * const row = packRow([{
 *   id: "made up",
 *   sequences: [
 *     { side: "chosen", ids: [1, 2, 3], turnOf: [-1, -1, 0], inNll: [false, false, false] },
 *   ],
 *   referenceChosen: [],
 *   referenceRejected: [],
 * }]);
 *
 * await using forward = await RowForward.open(config);
 * const [logProb] = await forward.logProbs(randomParameters(config, 1), row);
 * assertAlmostEquals(logProb, -Math.log(16), 0.2);
 * ```
 *
 * @module
 */

export * from "./adapter_folder.ts";
export * from "./architecture.ts";
export * from "./architectures/table.ts";
export * from "./attention_blocks.ts";
export * from "./attention_plan.ts";
export * from "./blocks/mod.ts";
export * from "./device.ts";
export * from "./forward.ts";
export * from "./rope.ts";
export type { RopeBase, RopeRule, RopeScaling } from "./rope/rope_rule.ts";
export * from "./row.ts";
export * from "./chat.ts";
export * from "./config.ts";
export { type DecoderDefaults, readDecoderConfig } from "./config_decoder.ts";
export type { ConfigReader, JsonObject } from "./config_reader.ts";
export * from "./conversation.ts";
export * from "./fingerprint.ts";
export * from "./half/formats.ts";
export type { HalfFormat } from "./half/half_format.ts";
export * from "./hub.ts";
export * from "./initialise.ts";
export * from "./layer_kind.ts";
export * from "./load_model.ts";
export * from "./lora.ts";
export * from "./model.ts";
export * from "./model_source.ts";
export * from "./parameters.ts";
export * from "./save_model.ts";
export * from "./tokenizer.ts";
export { checkSaveFolder, type WriteFolderOptions } from "./write_folder.ts";
export * from "./write_parameters.ts";
export { readParameters, readWeights, type ReadWeightsOptions } from "./read_parameters.ts";
export type { Dtype, TensorData } from "./safetensors_dtype.ts";
export type { TensorEntry } from "./safetensors_header.ts";
export * from "./safetensors_read.ts";
export * from "./safetensors_write.ts";
export * from "./sequence.ts";
export type { StoredModelOptions, TextModel } from "./stored_model.ts";
export {
  dtypeOf,
  floatsOfWeight,
  formatOf,
  type HalfParameter,
  heldAs,
  isHalf,
  tooLarge,
  type Weight,
  type Weights,
  widened,
} from "./weights.ts";
export * from "./wide_room.ts";
