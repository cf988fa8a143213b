import { assert, assertEquals } from "@std/assert";
import { worldDocuments } from "../../examples/world/documents.ts";
import { WORLD_MODEL } from "../../examples/world/embedded.ts";
import type { PairRecord } from "../../lib/data/mod.ts";
import { httpSampler, openReaders } from "../../lib/generate/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { pairs } from "../../pipelines/pairing.ts";
import { ChatServer } from "../generate/chat_server.ts";
import { worldRecipe } from "../../pipelines/world_recipe.ts";

const recipe = { ...worldRecipe, longTokens: 400, turns: 2, temperature: 1 };
const log = { info() {}, warn() {} };

Deno.test("pairs through a server are the pairs of the model that it serves", async () => {
  const model = await loadModel(WORLD_MODEL);
  await using readers = await openReaders(model, { threads: 1 });
  await using server = new ChatServer(async (request) => {
    const { max_tokens, temperature, top_p, seed, messages } = request;
    const [{ text, logProbs, finish }] = await readers.short.sampler.generate([messages], {
      maxTokens: max_tokens as number,
      temperature: temperature as number,
      topP: top_p as number,
      seed: seed as number,
    });
    return Response.json({
      choices: [{
        message: { role: "assistant", content: text },
        finish_reason: finish,
        logprobs: { content: logProbs.map((logprob) => ({ token: "", logprob })) },
      }],
      usage: { completion_tokens: logProbs.length },
    });
  });
  const sampler = httpSampler({ url: server.url, model: "served", apiKey: "", concurrency: 3 });

  const made = async (who: { sampler?: typeof sampler }): Promise<PairRecord[]> => {
    const rows: PairRecord[] = [];
    await pairs({
      ...who,
      source: worldDocuments({ count: 4, tokens: recipe.longTokens, seed: 1 }),
      sink: async (pairs) => {
        for await (const pair of pairs) rows.push(pair);
      },
      model,
      readers,
      recipe,
      seed: 1,
      log,
    }).run();
    return rows;
  };
  const own = await made({});
  const served = await made({ sampler });
  assert(served.length > 0);
  const withoutNote = (rows: PairRecord[]) => rows.map((row) => ({ ...row, sampler: undefined }));
  assertEquals(withoutNote(served), withoutNote(own));
  for (const { sampler: note } of served) {
    const writers = Object.values(note.parameters).map(({ sampler }) => sampler);
    assertEquals([...new Set(writers)], [sampler.name]);
    assertEquals([note.name, note.scorer], [sampler.name, model.name]);
  }
});
