import { readFloat32Tensors } from "./read_float32_tensors.ts";

/** What TinyStories-656K answers to one prompt. */
export interface GoldenPrompt {
  name: string;
  /** BOS first. */
  ids: readonly number[];
  /** The position that {@linkcode GoldenPrompt.middleLogits} belongs to. */
  middle: number;
  /** The largest difference between logits in float32, which are recorded, and in float64. */
  distanceToFloat64: number;
  /** `[vocabulary]`, at the last position. */
  lastLogits: Float32Array<ArrayBuffer>;
  /** `[vocabulary]` */
  middleLogits: Float32Array<ArrayBuffer>;
  /** `[tokens]`; 0 for the first. */
  logProbs: Float32Array<ArrayBuffer>;
  /** 100 tokens, which go on past an end token; where it was recorded. */
  greedy?: readonly number[];
  /** The smallest lead over the second best logit that a token of `greedy` had. */
  smallestGap?: number;
  /** `greedy` as text. */
  greedyText?: string;
}

type RecordedPrompt = Omit<GoldenPrompt, "lastLogits" | "middleLogits" | "logProbs">;

const TINYSTORIES = new URL("../golden/tinystories/", import.meta.url);

/** Reads every prompt that `tests/oracle/tinystories.py` wrote. */
export async function loadPrompts(): Promise<GoldenPrompt[]> {
  const text = await Deno.readTextFile(new URL("prompts.json", TINYSTORIES));
  const { prompts }: { prompts: RecordedPrompt[] } = JSON.parse(text);
  const tensors = await readFloat32Tensors(new URL("logits.safetensors", TINYSTORIES));

  const tensorOf = (name: string): Float32Array<ArrayBuffer> => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`logits.safetensors holds no ${name}`);
    return tensor.data;
  };
  return prompts.map((prompt) => ({
    ...prompt,
    lastLogits: tensorOf(`${prompt.name}.last`),
    middleLogits: tensorOf(`${prompt.name}.middle`),
    logProbs: tensorOf(`${prompt.name}.logprobs`),
  }));
}
