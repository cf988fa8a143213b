import { assertEquals } from "@std/assert";
import { TokenSampler } from "../../lib/generate/mod.ts";
import { architectureCases, loadArchitecture } from "../support/golden_architectures.ts";

for (const name of architectureCases) {
  Deno.test(`${name} goes on with a cache as it does in transformers`, async () => {
    const { config, parameters, ids, prompt, continuation } = await loadArchitecture(name);
    // Pieces of a prompt do not divide windows.
    const options = { threads: 1, prefillTokens: 11 };
    await using sampler = await TokenSampler.open(config, parameters, options);
    const maxTokens = continuation.length;
    const prompts = [ids.slice(0, prompt), ids.slice(0, prompt + 5), ids.slice(0, prompt)];
    const answers = await sampler.generate(prompts, { maxTokens });
    assertEquals(answers[0].tokenIds, continuation);
    assertEquals(answers[2].tokenIds, continuation);
    const [alone] = await sampler.generate([prompts[1]], { maxTokens });
    assertEquals(answers[1].tokenIds, alone.tokenIds);
  });
}
