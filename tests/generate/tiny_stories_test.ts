import { assert, assertEquals } from "@std/assert";
import { CachedForward, forwardWeights } from "../../lib/generate/cached_forward.ts";
import { KeyValueCache } from "../../lib/generate/key_value_cache.ts";
import { localSampler } from "../../lib/generate/mod.ts";
import { prefillPieces, promptRow, rowPart } from "../../lib/generate/token_row.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { TINY_STORIES, tinyStoriesIsThere } from "../model/fixtures.ts";
import { loadPrompts } from "../support/golden_tinystories.ts";
import { distance } from "./models.ts";

const ignore = !tinyStoriesIsThere;
if (ignore) console.log(`Skipped: there is no model in ${TINY_STORIES}`);

Deno.test({
  name: "localSampler writes a real model's stories as transformers does",
  ignore,
  async fn() {
    const model = await loadModel(TINY_STORIES);
    await using sampler = await localSampler(model, { threads: 1 });
    const prompts = (await loadPrompts()).filter(({ greedy }) => greedy);
    const answers = await sampler.generateTokens(prompts.map(({ ids }) => ids), { maxTokens: 100 });
    for (const [index, { tokenIds }] of answers.entries()) {
      assertEquals(tokenIds, [...prompts[index].greedy!]);
      const text = model.tokenizer.decode(tokenIds, { skipSpecial: true });
      assertEquals(text.trim(), prompts[index].greedyText!.trim());
    }
  },
});

Deno.test({
  name: "CachedForward gives a real model's logits, in pieces too",
  ignore,
  async fn() {
    const { config, parameters } = await loadModel(TINY_STORIES);
    await using forward = await CachedForward.open(config, { threads: 1 });
    const weights = forwardWeights(config, parameters);
    for (const { ids, middle, lastLogits, middleLogits } of await loadPrompts()) {
      for (const longest of [1000, 40]) {
        const clusters = [{ trunk: [], branches: [{ prompt: 0, tokens: ids }] }];
        const { row } = promptRow(clusters);
        const cache = new KeyValueCache(config, ids.length);
        const hidden = new Float32Array(ids.length * config.hiddenSize);
        for (const { from, to, since } of prefillPieces(clusters, longest)) {
          const part = rowPart(row, from, to);
          hidden.set(
            await forward.hidden(weights, cache, part, { since }),
            from * config.hiddenSize,
          );
        }
        const { logits } = await forward.logits(weights, hidden);
        const at = (
          position: number,
        ) => [...logits.subarray(position * config.vocabSize, (position + 1) * config.vocabSize)];
        assert(distance(at(ids.length - 1), lastLogits) <= 1e-4);
        assert(distance(at(middle), middleLogits) <= 1e-4);
      }
    }
  },
});
