import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { CachedForward, forwardWeights } from "../../lib/generate/cached_forward.ts";
import { KeyValueCache } from "../../lib/generate/key_value_cache.ts";
import { TokenSampler } from "../../lib/generate/mod.ts";
import { promptRow } from "../../lib/generate/token_row.ts";
import { loadModel, loadTextModel, type Message, type Model } from "../../lib/model/mod.ts";
import { lineHashes as hashesOf, mixedLines } from "./mixed_lines.ts";

/** SmolLM2-135M-Instruct.Q4_1.gguf, of which the golden file is. */
const path = Deno.env.get("LONGPO_SMOLLM2_GGUF") ?? "";
const ignore = path === "";
if (ignore) console.log("Skipped: LONGPO_SMOLLM2_GGUF names no SmolLM2-135M-Instruct.Q4_1.gguf");

interface Golden {
  weights: string;
  fragments: string[];
  lineHashes: string[];
  chats: { messages: Message[]; text: string }[];
  prompts: { text: string; ids: number[]; probed: number[]; logits: number[]; greedy: number[] }[];
}

async function golden(): Promise<Golden> {
  const url = new URL("../golden/gguf/smollm2.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

Deno.test({
  name: "loadTextModel splits a GGUF file's 2,000 mixed lines as Hugging Face's tokenizer does",
  ignore,
  async fn() {
    const { fragments, lineHashes } = await golden();
    const { tokenizer } = await loadTextModel(path);
    const ids = mixedLines(fragments).map((line) => tokenizer.encode(line));
    assertEquals(hashesOf(ids), lineHashes);
  },
});

Deno.test({
  name: "loadTextModel renders a GGUF file's conversations as transformers does",
  ignore,
  async fn() {
    const { chats, prompts } = await golden();
    const { chat, tokenizer } = await loadTextModel(path);
    for (const { messages, text } of chats) {
      assertEquals(chat.render(messages, { addGenerationPrompt: true }), text);
    }
    for (const { text, ids } of prompts) {
      const rendered = chat.render([{ role: "user", content: text }], {
        addGenerationPrompt: true,
      });
      assertEquals(tokenizer.encode(rendered), ids);
    }
  },
});

function weightsHash({ parameters }: Model): string {
  const hash = createHash("sha256");
  for (const name of [...parameters.keys()].sort()) {
    const { data } = parameters.get(name)!;
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** The logits after a prompt. */
async function lastLogits({ config, parameters }: Model, forward: CachedForward, ids: number[]) {
  const weights = forwardWeights(config, parameters);
  const { row } = promptRow([{ trunk: [], branches: [{ prompt: 0, tokens: ids }] }]);
  const cache = new KeyValueCache(config, ids.length);
  const hidden = await forward.hidden(weights, cache, row, { since: 0 });
  return (await forward.logits(weights, hidden.slice(-config.hiddenSize))).logits;
}

Deno.test({
  name: "loadModel makes of a GGUF file what transformers computes with the same weights",
  ignore,
  async fn() {
    const { weights, prompts } = await golden();
    const model = await loadModel(path);
    assertEquals(weightsHash(model), weights);
    {
      await using forward = await CachedForward.open(model.config);
      for (const { ids, probed, logits, text } of prompts) {
        const found = await lastLogits(model, forward, ids);
        const distances = probed.map((token, i) => Math.abs(found[token] - logits[i]));
        assert(Math.max(...distances) <= 1e-3, `${text}: ${Math.max(...distances)}`);
      }
    }
    await using sampler = await TokenSampler.open(model.config, model.parameters);
    const answers = await sampler.generate(prompts.map(({ ids }) => ids), { maxTokens: 64 });
    for (const [index, { tokenIds }] of answers.entries()) {
      assertEquals(tokenIds, prompts[index].greedy, prompts[index].text);
    }
  },
});

Deno.test({
  name: "loadModel takes at most a quarter more memory than a GGUF file's weights as Float32",
  ignore: ignore || Deno.build.os !== "linux",
  async fn() {
    const program = new URL("../support/peak_memory.ts", import.meta.url);
    const args = ["run", "--allow-all", program.pathname, path];
    const deno = new Deno.Command(Deno.execPath(), { args });
    const { stdout, stderr } = await deno.output();
    const ratio = Number(new TextDecoder().decode(stdout));
    assert(ratio > 1 && ratio <= 1.25, `${ratio} ${new TextDecoder().decode(stderr)}`);
  },
});
