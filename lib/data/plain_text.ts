import { named, type Stage } from "../flow/mod.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";
import type { ChunkedDocument } from "./record.ts";

/**
 * A stage that makes each chunk of a document a text to learn from, token by token: for
 * pre-training, with the NLL of all tokens.
 *
 * A text begins with the model's BOS token, if it has one.
 */
export function plainText(
  { model }: { model: ChatModel },
): Stage<ChunkedDocument, SequencedDocument> {
  const { bosTokenId } = model.tokenizer;
  const start = bosTokenId === undefined ? [] : [bosTokenId];
  return named("plainText", async function* plainText(source, { meter }) {
    for await (const { id, text, chunks } of source) {
      for (const [number, chunk] of chunks.entries()) {
        const ids = [...start, ...model.tokenizer.encode(text.slice(chunk.start, chunk.end))];
        meter.count("tokens", ids.length);
        const sequence = {
          side: "chosen" as const,
          ids,
          turnOf: ids.map(() => -1),
          inNll: ids.map(() => true),
        };
        const piece = chunks.length > 1 ? `${id}#${number + 1}` : id;
        yield { id: piece, sequences: [sequence], referenceChosen: [], referenceRejected: [] };
      }
    }
  });
}
