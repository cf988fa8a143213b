/**
 * Models: config, weights, tokenizer and chat template of a Hugging Face folder.
 *
 * @module
 */

export * from "./architecture.ts";
export * from "./forward.ts";
export * from "./llama.ts";
export * from "./rope.ts";
export * from "./row.ts";
export * from "./chat.ts";
export * from "./config.ts";
export type { JsonObject } from "./config_reader.ts";
export * from "./conversation.ts";
export * from "./fingerprint.ts";
export * from "./initialise.ts";
export * from "./load_model.ts";
export * from "./model.ts";
export * from "./parameters.ts";
export * from "./save_model.ts";
export * from "./tokenizer.ts";
export * from "./write_parameters.ts";
export { readParameters } from "./read_parameters.ts";
export type { Dtype, TensorData } from "./safetensors_dtype.ts";
export type { TensorEntry } from "./safetensors_header.ts";
export * from "./safetensors_read.ts";
export * from "./safetensors_write.ts";
export * from "./sequence.ts";
