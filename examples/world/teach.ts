/**
 * Lessons as token sequences.
 *
 * @module
 */

import {
  type ChatModel,
  conversationTokens,
  type SequencedDocument,
  type TokenSequence,
} from "@longpo/longpo/model";
import { type Exercise, type Lesson, promptOf } from "./lessons.ts";

/** Tokens of an exercise on a document: those of the reply are what is learned. */
function exerciseTokens(
  model: ChatModel,
  document: string,
  { kind, request, reply }: Exercise,
): { ids: number[]; isReply: boolean[] } {
  if (kind === "recall") {
    const content = promptOf(document, request);
    const chat = model.chat.render([{ role: "user", content }]);
    const prompt = model.tokenizer.encode(chat.slice(0, chat.indexOf(content) + content.length));
    const answer = model.tokenizer.encode(reply);
    return {
      ids: [...prompt, ...answer],
      isReply: [...prompt.map(() => false), ...answer.map(() => true)],
    };
  }
  const { ids, turnOf } = conversationTokens(model, [
    { role: "user", content: promptOf(document, request) },
    { role: "assistant", content: reply },
  ]);
  return { ids, isReply: turnOf.map((turn) => turn >= 0) };
}

/** A lesson with each exercise as a branch of the document's trunk. */
export function lessonSequences(
  model: ChatModel,
  lesson: Lesson,
  id: string,
): SequencedDocument {
  const sequences = lesson.exercises.map((exercise): TokenSequence => {
    const { ids, isReply } = exerciseTokens(model, lesson.document, exercise);
    return { side: "chosen", ids, turnOf: isReply.map((is) => is ? 0 : -1), inNll: isReply };
  });
  return { id, sequences, referenceChosen: [], referenceRejected: [] };
}
