import { Random } from "../../../lib/flow/mod.ts";

/** Prompts that are answered together. */
export interface Job {
  name: string;
  /** Equally long. */
  prompts: number[][];
  /** New tokens of every answer. */
  newTokens: number;
  /** Tokens that all prompts begin with and the peer is told to compute once. */
  repeated: number;
}

/** What answering took and gave. */
export interface Answered {
  seconds: number;
  /** `[prompts][newTokens]` */
  tokens: number[][];
}

/** One prompt alone, short and long, and questions on one document. */
export function jobs(vocabSize: number, newTokens: number): Job[] {
  const random = new Random(1);
  const ids = (count: number) => Array.from({ length: count }, () => random.int(vocabSize));
  const document = ids(2048);
  const questions = Array.from({ length: 8 }, () => [...document, ...ids(16)]);
  const job = (name: string, prompts: number[][], repeated = 0) => ({
    name,
    prompts,
    newTokens,
    repeated,
  });
  return [
    job("1 prompt of 128 tokens", [ids(128)]),
    job("1 prompt of 512 tokens", [ids(512)]),
    job("8 questions on 2,048 tokens", questions),
    job("8 questions, the peer's cache copied by hand", questions, document.length),
  ];
}
