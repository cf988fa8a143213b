import {
  ChatTemplate,
  type Model,
  type ModelConfig,
  type Parameters,
  parseConfig,
  randomParameters,
  Tokenizer,
} from "../../lib/model/mod.ts";
import { type DenseLlama, denseLlama, denseLogits } from "../train/dense/llama.ts";
import { loadCase } from "../support/golden_cases.ts";

/** A small Llama whose answers depend on all that it reads, and the same in plain float64. */
export interface SmallLlama {
  config: ModelConfig;
  parameters: Parameters;
  dense: DenseLlama;
}

/** Grouped heads, 2 layers, 48 tokens. */
export async function smallLlama(): Promise<SmallLlama> {
  const { config, weights } = await loadCase("two_turns_grouped");
  const parameters: Parameters = new Map(
    [...weights].map(([name, { shape, data }]) => [name, { name, shape, data }]),
  );
  return { config: parseConfig(config), parameters, dense: denseLlama(config, weights) };
}

/** Greedy answer and its log-probs, every token from all before it, nothing kept. */
export function denseAnswer(
  model: DenseLlama,
  prompt: readonly number[],
  count: number,
): { tokenIds: number[]; logProbs: number[] } {
  const ids = [...prompt];
  const logProbs: number[] = [];
  for (let step = 0; step < count; step++) {
    const logits = denseLogits(model, ids).at(-1)!;
    const best = logits.indexOf(Math.max(...logits));
    const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    logProbs.push(logits[best] - normaliser);
    ids.push(best);
  }
  return { tokenIds: ids.slice(prompt.length), logProbs };
}

const LETTERS = [..." abcdefghijklmnopqrstuvwxyz.?"];
const SPECIAL = ["<s>", "</s>"];

/** A random model that writes letters and can be talked to. */
export function letterModel(): Model {
  const vocab = [...SPECIAL, ...LETTERS];
  const config = parseConfig({
    model_type: "llama",
    vocab_size: vocab.length,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 64,
    initializer_range: 0.4,
    bos_token_id: 0,
    eos_token_id: 1,
  });
  const tokenizer = new Tokenizer(
    {
      added_tokens: SPECIAL.map((content, id) => ({ id, content, special: true })),
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: { type: "Fuse" },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(vocab.map((token, id) => [token, id])),
        merges: [],
      },
    },
    { bos_token: "<s>", eos_token: "</s>", add_bos_token: true },
    config,
    "letters",
  );
  const chat = new ChatTemplate(
    "{{ bos_token }}{% for m in messages %}{{ m.content }}" +
      "{% if m.role == 'assistant' %}{{ eos_token }}{% else %}?{% endif %}{% endfor %}",
    tokenizer.namedTokens,
    "letters",
  );
  return {
    config,
    tokenizer,
    chat,
    parameters: randomParameters(config, 5),
    name: "letters",
    folder: "",
    fingerprint: "weights of letters",
    chatHash: chat.hash,
  };
}

/** The largest distance between two lists of numbers; infinite where the lengths differ. */
export function distance(actual: readonly number[], expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(0, ...actual.map((value, at) => Math.abs(value - expected[at])));
}
