/**
 * The flags that mean the same in every pipeline.
 *
 * @module
 */

import { choice, type Flag, number, string } from "./flag.ts";

/** Where a model runs, as `--device` takes it. */
export type DeviceName = "auto" | "cpu" | "webgpu" | "cuda";

/** The flags a pipeline picks from; a flag of its own under the same name takes its place. */
export interface CommonFlags {
  /** `--model`: the model to start from. */
  model: Flag<string | undefined>;
  /** `--documents`: the texts to read. */
  documents: Flag<string | undefined>;
  /** `--device`: where the model runs. */
  device: Flag<DeviceName>;
  /** `--threads`: how many the model runs on. */
  threads: Flag<number>;
  /** `--seed`: what all chance is drawn from. */
  seed: Flag<number>;
}

/**
 * The table of common flags.
 *
 * @example Pick some and add one
 * ```ts
 * import { command, commonFlags, string } from "./mod.ts";
 *
 * const { model, seed } = commonFlags;
 * const ask = string({ summary: "The question", required: true });
 * const answer = command({ name: "answer", summary: "Answers it", flags: { model, seed, ask } });
 * console.log(answer.help());
 * ```
 */
export const commonFlags: CommonFlags = {
  model: string({
    summary: "Folder, .gguf file or hub name; the embedded model without it",
    value: "model",
  }),
  documents: string({
    summary: "File or folder of documents; the embedded ones without it",
    value: "path",
  }),
  device: choice({
    summary: "Where the model runs; auto takes CUDA where it works, else the CPU",
    choices: ["auto", "cpu", "webgpu", "cuda"],
    default: "auto",
  }),
  threads: number({
    summary: "Threads of one operator, which sleep while they have nothing to do; 0 is one a core",
    integer: true,
    min: 0,
    default: 0,
  }),
  seed: number({
    summary: "What all chance is drawn from: same seed, same result",
    integer: true,
    min: 0,
    default: 0,
  }),
};
