import type { Random } from "../../lib/flow/random.ts";
import type { SequencedDocument, TokenSequence } from "../../lib/model/sequence.ts";

/** What a random document is like. */
export interface DocumentShape {
  id: string;
  /** Token ids are below it. */
  vocabulary: number;
  /** Tokens of text and first question. */
  trunk: number;
  /** Tokens of the chosen and the rejected answer, turn by turn. */
  answers: readonly (readonly [number, number])[];
  /** Tokens of each further question. @default {2} */
  question?: number;
}

/** A conversation on a document, of random tokens; all of the chosen side is in the NLL. */
export function randomDocument(random: Random, shape: DocumentShape): SequencedDocument {
  const { id, vocabulary, trunk, answers, question = 2 } = shape;
  const tokens = (count: number) => Array.from({ length: count }, () => random.int(vocabulary));
  const start = tokens(trunk);
  const questions = answers.map((_, turn) => turn === 0 ? [] : tokens(question));

  const sequence = (side: "chosen" | "rejected"): TokenSequence => {
    const ids = [...start];
    const turnOf = start.map(() => -1);
    answers.forEach((lengths, turn) => {
      // The two sides begin with different tokens, so that the trunk ends where it was said to.
      const first = side === "chosen" ? 0 : 1;
      const answer = [first, ...tokens(lengths[first] - 1)];
      ids.push(...questions[turn], ...answer);
      turnOf.push(...questions[turn].map(() => -1), ...answer.map(() => turn));
    });
    return { side, ids, turnOf, inNll: ids.map(() => side === "chosen") };
  };
  const reference = () => answers.map(() => -10 * random.next());
  return {
    id,
    sequences: [sequence("chosen"), sequence("rejected")],
    referenceChosen: reference(),
    referenceRejected: reference(),
  };
}

/** Each of a document's sequences as a document of its own. */
export function separateSequences(document: SequencedDocument): SequencedDocument[] {
  return document.sequences.map((sequence, at) => ({
    ...document,
    id: `${document.id}/${at}`,
    sequences: [sequence],
  }));
}
