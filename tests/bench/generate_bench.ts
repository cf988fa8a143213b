/**
 * Sampling from a small Llama: 16 documents of 1,100 tokens with 8 questions each, and 128 short
 * prompts. One iteration is all of them, 12 new tokens an answer.
 *
 * @module
 */

import { Random } from "../../lib/flow/mod.ts";
import { TokenSampler } from "../../lib/generate/mod.ts";
import { parseConfig, randomParameters } from "../../lib/model/mod.ts";

const config = parseConfig({
  model_type: "llama",
  vocab_size: 600,
  hidden_size: 128,
  intermediate_size: 384,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  max_position_embeddings: 256,
});
const parameters = randomParameters(config, 1);
const random = new Random(1);
const tokens = (count: number) => Array.from({ length: count }, () => random.int(config.vocabSize));

const documents = Array.from({ length: 16 }, () => tokens(1100));
const prompts = {
  "16 documents of 1,100 tokens, 8 questions each": documents.flatMap((document) =>
    Array.from({ length: 8 }, () => [...document, ...tokens(12)])
  ),
  "128 prompts of 150 tokens": Array.from({ length: 128 }, () => tokens(150)),
};

for (const [name, batch] of Object.entries(prompts)) {
  Deno.bench({ name, n: 5, warmup: 1 }, async (bench) => {
    await using sampler = await TokenSampler.open(config, parameters);
    bench.start();
    await sampler.generate(batch, { maxTokens: 12 });
    bench.end();
  });
}
