/**
 * What the reference reads: each turn's question and answers behind a short piece of the document.
 *
 * @module
 */

import {
  type ModelConfig,
  packRow,
  RowForward,
  type SequencedDocument,
  type Weights,
} from "../../../lib/model/mod.ts";

/** Tokens of the piece at most. */
const SHORT = 512;

/** Tokens of the piece: of the end of the document, where its first question stands. */
function pieceLength(document: number): number {
  return Math.min(SHORT, Math.floor(document / 4));
}

/** Each turn of a document as a conversation of its own on the short piece. */
export function shortTurns(document: SequencedDocument): SequencedDocument[] {
  const turns = Math.max(...document.sequences[0].turnOf) + 1;
  return Array.from({ length: turns }, (_, turn) => shortTurn(document, turn));
}

function shortTurn(document: SequencedDocument, turn: number): SequencedDocument {
  const sequences = document.sequences.map(({ side, ids, turnOf }) => {
    const trunk = turnOf.indexOf(0);
    const piece = ids.slice(trunk - pieceLength(trunk), trunk);
    const answered = turn === 0 ? trunk : turnOf.lastIndexOf(turn - 1) + 1;
    const from = turnOf.indexOf(turn);
    const question = ids.slice(answered, from);
    const answer = ids.slice(from, turnOf.lastIndexOf(turn) + 1);
    const short = [...piece, ...question, ...answer];
    return {
      side,
      ids: short,
      turnOf: short.map((_, at) => at < short.length - answer.length ? -1 : 0),
      inNll: short.map(() => false),
    };
  });
  return { id: `${document.id}, turn ${turn + 1}`, sequences, ...NO_REFERENCE };
}

const NO_REFERENCE = { referenceChosen: [], referenceRejected: [] };

/** Documents with the log-probs that a model gives both answers on the short piece. */
export async function withShortReference(
  documents: readonly SequencedDocument[],
  config: ModelConfig,
  parameters: Weights,
  threads: number,
): Promise<SequencedDocument[]> {
  await using forward = await RowForward.open(config, { threads });
  const scored: SequencedDocument[] = [];
  for (const document of documents) {
    const chosen: number[] = [];
    const rejected: number[] = [];
    for (const turn of shortTurns(document)) {
      const row = packRow([turn]);
      const logProbs = await forward.logProbs(parameters, row);
      const sum = (side: 0 | 1) =>
        logProbs.reduce(
          (sum, value, at) => row.predictions.rejected[at] === side ? sum + value : sum,
          0,
        );
      chosen.push(sum(0));
      rejected.push(sum(1));
    }
    scored.push({ ...document, referenceChosen: chosen, referenceRejected: rejected });
  }
  return scored;
}
