import { Random } from "../../lib/flow/mod.ts";
import type { Generation, Sampler, SamplingOptions } from "../../lib/generate/types.ts";
import type { Message } from "../../lib/model/mod.ts";

/**
 * A sampler that answers by rules instead of weights: asked to write questions, it asks who the
 * capitalised words of the text are; asked to summarise, it takes the first words; asked anything
 * else, it answers with the sentence that shares most words with the question, and with a random
 * sentence where temperature is above 0.
 */
export class RuleSampler implements Sampler {
  readonly name = "rules";
  /** Conversations of each call. */
  readonly calls: Message[][][] = [];
  readonly options: SamplingOptions[] = [];

  generate(
    conversations: readonly (readonly Message[])[],
    options: SamplingOptions,
  ): Promise<Generation[]> {
    options.signal?.throwIfAborted();
    this.calls.push(conversations.map((messages) => [...messages]));
    this.options.push(options);
    return Promise.resolve(conversations.map((messages) => {
      const { content } = messages[messages.length - 1];
      const random = new Random(options.seed ?? 0).fork(content);
      const words = answer(content, options, random).split(" ");
      const kept = words.slice(0, options.maxTokens);
      return {
        text: kept.join(" "),
        tokenIds: kept.map((_, index) => index),
        logProbs: kept.map(() => 0),
        finish: kept.length < words.length ? "length" : "stop",
      };
    }));
  }
}

function answer(prompt: string, options: SamplingOptions, random: Random): string {
  const cut = prompt.lastIndexOf("\n\n");
  const context = prompt.slice(0, cut);
  const question = prompt.slice(cut + 2);
  const wanted = Number(question.match(/Write (\d+) questions/)?.[1] ?? 0);
  if (wanted > 0) {
    const names = [...new Set(context.match(/\b[A-Z][a-z]+\b/g) ?? [])].slice(0, wanted);
    return names.map((name, index) => `${index + 1}. What about **${name}** here?`).join("\n");
  }
  const most = Number(question.match(/at most (\d+) words/)?.[1] ?? 0);
  if (most > 0) return context.split(/\s+/).slice(0, most).join(" ");
  const sentences = context.match(/[^.\n]+\./g) ?? [context];
  if ((options.temperature ?? 0) > 0) return random.pick(sentences).trim();
  const asked = new Set(question.toLowerCase().match(/\w+/g));
  const shared = (sentence: string): number =>
    (sentence.toLowerCase().match(/\w+/g) ?? []).filter((word) => asked.has(word)).length;
  return sentences.reduce((best, one) => shared(one) > shared(best) ? one : best).trim();
}
