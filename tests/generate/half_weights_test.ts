import { assertEquals } from "@std/assert";
import { Random } from "../../lib/flow/mod.ts";
import { localSampler, localScorer, openReaders } from "../../lib/generate/mod.ts";
import { type HalfDtype, halfFormats, loadModel, widened } from "../../lib/model/mod.ts";
import { writeTinyModel } from "../pipelines/support/tiny_model.ts";
import { randomDocument } from "../support/random_document.ts";

const DTYPES = Object.keys(halfFormats) as HalfDtype[];

for (const dtype of DTYPES) {
  Deno.test(`a model in ${dtype} writes and scores what it does in float32`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await writeTinyModel(`${folder}/tiny`);
      const half = await loadModel(`${folder}/tiny`, { dtype });
      const whole = { ...half, parameters: widened(half.parameters) };
      const shape = { id: "a", vocabulary: 40, trunk: 20, answers: [[4, 6]] } as const;
      const document = randomDocument(new Random("score"), shape);
      const prompts = [[{ role: "user" as const, content: "Where is the ship?" }]];
      const told = await Promise.all([half, whole].map(async (model) => {
        await using scorer = await localScorer(model);
        await using sampler = await localSampler(model);
        await using readers = await openReaders(model);
        const scores = [scorer, readers.short.scorer].map((one) => one.score([document]));
        const answers = [sampler, readers.long.sampler].map((one) =>
          one.generate(prompts, { maxTokens: 8 })
        );
        return { scores: await Promise.all(scores), answers: await Promise.all(answers) };
      }));
      assertEquals(told[0], told[1]);
      const [{ scores, answers }] = told;
      assertEquals(scores[0], scores[1]);
      assertEquals(answers[0], answers[1]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
