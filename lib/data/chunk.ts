import { consecutive, type Logger, named, type Stage, UserError } from "../flow/mod.ts";
import { bm25, indexOfLargest } from "./bm25.ts";
import { packChunks } from "./pack_chunks.ts";
import type { CountTokens } from "./pieces.ts";
import type { Chunk, ChunkedDocument, DocumentRecord } from "./record.ts";
import { countWith, type TextTokenizer } from "./text_tokenizer.ts";

/** Options of {@linkcode chunk}. */
export interface ChunkOptions {
  /** The model's tokenizer, which counts. */
  tokenizer: TextTokenizer;
  /** Most tokens of a chunk: the length of a short context. */
  tokens: number;
  /** Documents of fewer tokens are dropped. @default {tokens + 1} */
  minTokens?: number;
  /**
   * Most tokens of a document; a longer one is cut into consecutive documents of whole chunks.
   * @default {Infinity}
   */
  longTokens?: number;
}

/**
 * A stage that cuts documents into chunks between paragraphs, or finer where a paragraph is longer
 * than a chunk; the chunks of a document join to its text.
 *
 * A document longer than `longTokens` goes on as several, `id#1`, `id#2` and so on; each of its
 * questions goes with the part that BM25 ranks first for it.
 *
 * @throws {RangeError} If `tokens` is not a positive whole number, or `longTokens` is less.
 *
 * @example Cut by words
 * ```ts
 * import { chunk } from "@longpo/longpo/data";
 *
 * const words = { encode: (text: string) => text.split(/\s+/).map((_, index) => index) };
 * const stage = chunk({ tokenizer: words, tokens: 512, longTokens: 16_384 });
 * console.log(stage.name); // chunk
 * ```
 */
export function chunk(options: ChunkOptions): Stage<DocumentRecord, ChunkedDocument> {
  const { tokenizer, tokens, minTokens = tokens + 1, longTokens = Infinity } = options;
  if (!Number.isInteger(tokens) || tokens < 1) {
    throw new RangeError(`Cannot make chunks of ${tokens} tokens: give a positive whole number`);
  }
  if (longTokens < tokens) {
    throw new RangeError(
      `Cannot cut documents of at most ${longTokens} tokens into chunks of ${tokens}`,
    );
  }
  const count = countWith(tokenizer);
  return named("chunk", async function* chunk(source, { meter, log }) {
    for await (const document of source) {
      const chunks = chunksOf(document, tokens, count, log);
      if (chunks === undefined) {
        meter.drop("text the tokenizer has no tokens for", document);
        continue;
      }
      const parts = consecutive(chunks, longTokens, ({ tokens }) => tokens);
      if (parts.length > 1) meter.count("long documents cut");
      for (const part of parts.length > 1 ? cut(document, parts) : [whole(document, chunks)]) {
        if (part.tokens < minTokens) {
          meter.drop("shorter than a chunk", part);
          continue;
        }
        meter.count("tokens", part.tokens);
        meter.count("chunks", part.chunks.length);
        yield part;
      }
    }
  }, { tokens, minTokens: options.minTokens, longTokens: options.longTokens });
}

/** The chunks, or nothing where the tokenizer lacks tokens for the text. */
function chunksOf(
  { id, text }: DocumentRecord,
  tokens: number,
  count: CountTokens,
  log: Logger,
): Chunk[] | undefined {
  try {
    return packChunks(text, tokens, count);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.warn(`${id}: ${error.message}`);
    return undefined;
  }
}

function whole(document: DocumentRecord, chunks: Chunk[]): ChunkedDocument {
  return { ...document, tokens: tokensOf(chunks), chunks };
}

/** The document as several, each of the chunks of one group. */
function cut(document: DocumentRecord, groups: readonly Chunk[][]): ChunkedDocument[] {
  const parts = groups.map((chunks, index): ChunkedDocument => {
    const start = chunks[0].start;
    return {
      id: `${document.id}#${index + 1}`,
      source: document.source,
      text: document.text.slice(start, chunks[chunks.length - 1].end),
      tokens: tokensOf(chunks),
      chunks: chunks.map((one) => ({ ...one, start: one.start - start, end: one.end - start })),
    };
  });
  if (document.questions !== undefined) {
    const rank = bm25(parts.map(({ text }) => text));
    for (const question of document.questions) {
      const part = parts[indexOfLargest(rank(question))];
      (part.questions ??= []).push(question);
    }
  }
  return parts;
}

function tokensOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { tokens }) => sum + tokens, 0);
}
