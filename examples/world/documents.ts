/**
 * Documents of the world, for training and for exams.
 *
 * @module
 */

import type { DocumentRecord } from "@longpo/longpo/data";
import type { Exam } from "@longpo/longpo/evaluate";
import { Random } from "@longpo/longpo/flow";
import { type Fact, makeDocument, tokensOf, type WorldDocument } from "./grammar.ts";

/** How many documents, and how long. */
export interface WorldDocumentsOptions {
  count: number;
  /** Tokens of a document, at most. */
  tokens: number;
  seed: number;
}

/** A document's words: few enough facts that they do not run out before its end. */
const WORLD = { keys: 64, values: 64, factShare: 0.3 } as const;

/** Tokens of the pieces on which an exam's short questions are asked. */
const PIECE_TOKENS = 150;

function* worlds(use: string, options: WorldDocumentsOptions): Generator<WorldDocument> {
  const { count, tokens, seed } = options;
  const random = new Random(seed).fork("world", use);
  for (let at = 0; at < count; at++) {
    yield makeDocument(random.fork(at), { tokens, ...WORLD });
  }
}

/** Documents to train on; their truth is left behind. */
export function worldDocuments(
  options: WorldDocumentsOptions,
): () => AsyncIterable<DocumentRecord> {
  return async function* worldDocuments() {
    let number = 0;
    for (const { text } of worlds("training", options)) {
      const id = `world-${options.seed}-${number++}`;
      yield { id, source: "a made-up world", text };
    }
  };
}

/** The sentences around a fact, at most a piece long. */
function pieceAround(text: string, fact: Fact, random: Random): string {
  const sentences = [...text.matchAll(/[^.\n]+\.\s*/g)].map(({ 0: sentence, index }) => ({
    from: index,
    to: index + sentence.length,
    tokens: tokensOf(sentence),
  }));
  let first = sentences.findIndex(({ from, to }) => from <= fact.start && fact.start < to);
  let last = first;
  let used = sentences[first].tokens;
  while (true) {
    const before = sentences[first - 1];
    const after = sentences[last + 1];
    const next = before && (!after || random.next() < 0.5) ? before : after;
    if (next === undefined || used + next.tokens > PIECE_TOKENS) break;
    used += next.tokens;
    if (next === before) first--;
    else last++;
  }
  return text.slice(sentences[first].from, sentences[last].to).trim();
}

/** Questions with known answers on documents that training never sees. */
export function worldExam(
  options: WorldDocumentsOptions & { questions: number },
): Exam {
  const random = new Random(options.seed).fork("exam");
  const exam: { short: Exam["short"][number][]; long: Exam["long"][number][] } = {
    short: [],
    long: [],
  };
  for (const { text, facts } of worlds("exam", options)) {
    for (const fact of random.shuffle(facts).slice(0, options.questions)) {
      const { question, answer } = fact;
      exam.short.push({ context: pieceAround(text, fact, random), question, answer });
      exam.long.push({ context: text, question, answer, position: fact.start / text.length });
    }
  }
  return exam;
}
