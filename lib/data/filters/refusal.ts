import type { TurnFilter } from "./turn_filter.ts";
import { collapseSpace } from "../words.ts";

/** Beginnings of sentences in which a model says that it will not or cannot answer. */
const PHRASES: readonly string[] = [
  "as an ai",
  "as a language model",
  "i am an ai",
  "i'm an ai",
  "i am unable to",
  "i'm unable to",
  "i am not able to",
  "i'm not able to",
  "i cannot answer",
  "i can't answer",
  "i cannot provide",
  "i can't provide",
  "i cannot help with",
  "i can't help with",
  "i do not have access to",
  "i don't have access to",
  "the text does not provide",
  "the text does not mention",
  "the text doesn't mention",
  "the context does not",
  "no information is given",
  "not enough information",
];

/** An answer that refuses, or says that the text has no answer. */
export const refusal: TurnFilter = ({ chosen, rejected }) =>
  [chosen, rejected].some((answer) => {
    const plain = collapseSpace(answer).toLowerCase().replaceAll("’", "'");
    return PHRASES.some((phrase) => plain.includes(phrase));
  });
