import { assertEquals } from "@std/assert";
import type { DraftRecord } from "@longpo/longpo/data";
import { selfExam } from "@longpo/longpo/evaluate";

const draft: DraftRecord = {
  id: "harbour",
  source: "harbour.txt",
  long: "The lamp is in Oslo. It rains. The bell is in Rome.",
  turns: [
    { short: "The lamp is in Oslo.", question: "Where is the lamp?", chosen: "Oslo." },
    { short: "The bell is in Rome.", question: "Where is the bell?", chosen: "..." },
    { short: "It rains.", question: "Does it rain?" },
    { short: "It rains.", chosen: "Yes." },
    { short: "It rains.", question: "Is it dry?", chosen: "No no no no no no no no no no." },
    { short: "It rains.", question: "Is it wet?", chosen: "Very.", confidence: 0.4 },
  ],
};

Deno.test("selfExam asks the same of pieces and documents, the answer from pieces being true", () => {
  const [lamp] = draft.turns;
  const item = { question: "Where is the lamp?", answer: "Oslo." };
  const wet = { question: "Is it wet?", answer: "Very." };
  assertEquals(selfExam([draft]), {
    short: [{ context: lamp.short, ...item }, { context: "It rains.", ...wet }],
    long: [{ context: draft.long, ...item }, { context: draft.long, ...wet }],
  });
});

Deno.test("selfExam leaves out what filters and confidence say, but never equal answers", () => {
  const { short } = selfExam([draft], { filters: ["identical"], minConfidence: 0.5 });
  assertEquals(short.map(({ question }) => question), [
    "Where is the lamp?",
    "Where is the bell?",
    "Is it dry?",
  ]);
});
