import {
  type ModelConfig,
  type Parameters,
  parseConfig,
  readParameters,
  type SequencedDocument,
} from "../../lib/model/mod.ts";
import { type GoldenTensor, readFloat32Tensors } from "./read_float32_tensors.ts";

/** A small random model of some architecture, and what transformers makes of it. */
export interface GoldenArchitecture {
  name: string;
  /** What is particular about it. */
  about: string;
  /** The model's Hugging Face folder. */
  folder: string;
  config: ModelConfig;
  parameters: Parameters;
  /** A sequence. */
  ids: number[];
  /** `[tokens / 2, vocabulary]`: at every second of them, from the second on. */
  logits: GoldenTensor;
  /** How many of the tokens are the prompt of the continuation. */
  prompt: number;
  /** What is likeliest, token by token, as a cache gives it. */
  continuation: number[];
  /** What the objective gives for a document; for one case of each architecture. */
  learnt?: {
    document: SequencedDocument;
    objective: { beta: number; lambda: number };
    loss: number;
    /** Of the loss, by the parameter's name. */
    gradients: ReadonlyMap<string, GoldenTensor>;
  };
}

const FOLDER = new URL("../golden/architectures/", import.meta.url);

async function readJson(file: URL) {
  return JSON.parse(await Deno.readTextFile(file));
}

/** Names of the cases that `tests/oracle/architectures.py` wrote. */
export const architectureCases: readonly string[] = [...Deno.readDirSync(FOLDER)]
  .map(({ name }) => name)
  .sort();

/** Reads one case. */
export async function loadArchitecture(name: string): Promise<GoldenArchitecture> {
  const folder = new URL(`${name}/`, FOLDER);
  const config = parseConfig(await readJson(new URL("config.json", folder)), {}, name);
  const { learnt, ...record } = await readJson(new URL("case.json", folder));
  const tensors = (file: string) => readFloat32Tensors(new URL(file, folder));
  return {
    ...record,
    name,
    folder: folder.pathname,
    config,
    parameters: await readParameters(folder.pathname, config),
    logits: (await tensors("logits.safetensors")).get("logits")!,
    ...(learnt ? { learnt: { ...learnt, gradients: await tensors("gradients.safetensors") } } : {}),
  };
}
