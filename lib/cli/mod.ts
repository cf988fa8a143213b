/**
 * Flags, progress and reports of command lines; only pipelines know this room.
 *
 * @module
 */

export * from "./activations_flag.ts";
export * from "./chat_flags.ts";
export * from "./command.ts";
export * from "./command_line.ts";
export * from "./common_flags.ts";
export * from "./dtype_flag.ts";
export * from "./duration.ts";
export * from "./exit_code.ts";
export * from "./flag.ts";
export * from "./headings.ts";
export * from "./logger.ts";
export * from "./lora_flag.ts";
export * from "./main.ts";
export * from "./model_card.ts";
export * from "./open_model.ts";
export * from "./optimizer_flags.ts";
export * from "./output_file.ts";
export * from "./plan_text.ts";
export * from "./profile.ts";
export * from "./progress.ts";
export * from "./rates_file.ts";
export * from "./recipe.ts";
export * from "./recipe_defaults.ts";
export * from "./run_folder.ts";
export * from "./sampler_flags.ts";
export * from "./screen.ts";
export * from "./table.ts";
export * from "./usage_error.ts";
export * from "./watch.ts";
