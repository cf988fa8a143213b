/**
 * Layouts drawn at random: what a row may be made of, with the rare cases often enough.
 *
 * @module
 */

import type { Random } from "../../lib/flow/random.ts";
import type { SequencedDocument, TokenSequence } from "../../lib/model/sequence.ts";

/** What documents are drawn from. */
export interface LayoutShape {
  /** Token ids are below it. */
  vocabulary: number;
  /** Tokens of all documents together, roughly, where none of their sequences shares anything else. */
  tokens: number;
  /** Leaves rejected answers out. @default {false} */
  chosenOnly?: boolean;
}

/** One question with both its answers. */
interface Turn {
  question: number[];
  chosen: number[];
  rejected: number[];
}

/** Which tokens of the chosen side count in the NLL. */
type Counts = (isAnswer: boolean, isLast: boolean) => boolean;

const sides = ["chosen", "rejected"] as const;

/** One to three documents with one to four turns each. */
export function randomLayout(random: Random, shape: LayoutShape): SequencedDocument[] {
  const count = 1 + random.int(3);
  const tokens = Math.floor(shape.tokens / count);
  return Array.from(
    { length: count },
    (_, at) => randomDocument(random, `${at}`, { ...shape, tokens }),
  );
}

function randomDocument(
  random: Random,
  id: string,
  { vocabulary, tokens, chosenOnly = false }: LayoutShape,
): SequencedDocument {
  const draw = (count: number) => Array.from({ length: count }, () => random.int(vocabulary));
  const turnCount = 1 + random.int(4);
  // From hardly any text to nearly nothing else, but enough that queries have keys to choose from.
  const text = Math.max(3, Math.floor(tokens * (0.1 + 0.85 * random.next())));
  const answer = Math.max(1, Math.floor((tokens - text) / turnCount));
  const turns = Array.from(
    { length: turnCount },
    (_, turn) => randomTurn(random, draw, answer, turn),
  );

  const start = draw(text);
  const everyTurn = turns.map((_, turn) => turn);
  const together = random.int(2) === 0 ? [everyTurn] : everyTurn.map((turn) => [turn]);
  const counts = randomCounts(random);
  const sequences = together.flatMap((own) =>
    sides.map((side) => sequenceOf(start, turns, own, side, counts))
  );
  // Near what a policy that knows nothing gives, so that no sigmoid is at its end; rows hold float32.
  const reference = (side: TokenSequence["side"]) =>
    turns.map((turn) =>
      Math.fround(2 * random.normal() - turn[side].length * Math.log(vocabulary))
    );
  return {
    id,
    sequences: chosenOnly ? sequences.filter(({ side }) => side === "chosen") : sequences,
    referenceChosen: reference("chosen"),
    referenceRejected: reference("rejected"),
  };
}

/** Answers of one token, answers that begin alike and, after the first turn, equal answers. */
function randomTurn(
  random: Random,
  draw: (count: number) => number[],
  longest: number,
  turn: number,
): Turn {
  const length = () => random.int(4) === 0 ? 1 : 1 + random.int(longest);
  const question = draw(1 + random.int(4));
  const chosen = draw(length());
  if (turn > 0 && random.int(6) === 0) return { question, chosen, rejected: chosen };
  const shared = random.int(3) === 0 ? chosen.slice(0, random.int(chosen.length + 1)) : [];
  return { question, chosen, rejected: [...shared, ...draw(length())] };
}

/** All tokens, those of answers, some of both, or none but each answer's last. */
function randomCounts(random: Random): Counts {
  return random.pick<Counts>([
    () => true,
    (isAnswer) => isAnswer,
    (_, isLast) => isLast || random.int(2) === 0,
    (_, isLast) => isLast,
  ]);
}

/** The text, then each of some turns' questions and answers. */
function sequenceOf(
  text: readonly number[],
  turns: readonly Turn[],
  own: readonly number[],
  side: TokenSequence["side"],
  counts: Counts,
): TokenSequence {
  const ids = [...text];
  const turnOf = text.map(() => -1);
  for (const turn of own) {
    const { question, [side]: answer } = turns[turn];
    ids.push(...question, ...answer);
    turnOf.push(...question.map(() => -1), ...answer.map(() => turn));
  }
  const inNll = turnOf.map((turn, at) =>
    side === "chosen" && counts(turn >= 0, turn >= 0 && turnOf[at + 1] !== turn)
  );
  return { side, ids, turnOf, inNll };
}
