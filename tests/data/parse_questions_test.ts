import { assertEquals } from "@std/assert";
import { parseQuestions } from "../../lib/data/parse_questions.ts";

Deno.test("parseQuestions reads numbered lists in many hands", () => {
  const marks = [
    "1. ",
    "1) ",
    "1: ",
    "Q1: ",
    "Question 1. ",
    "**1.** ",
    "### 1. ",
    "**Question 1:** ",
  ];
  for (const mark of marks) {
    assertEquals(
      parseQuestions(`Sure!\n\n${mark}Why did she leave?`),
      ["Why did she leave?"],
      mark,
    );
  }
});

Deno.test("parseQuestions joins an item that goes on over several lines", () => {
  const answer = "1. Why did she leave,\n   and when?\n2. Who stayed?\n\nI hope this helps.";
  assertEquals(parseQuestions(answer), ["Why did she leave, and when?", "Who stayed?"]);
});

Deno.test("parseQuestions reads bullets where there are no numbers", () => {
  assertEquals(parseQuestions("- Why leave?\n* Who stayed?"), ["Why leave?", "Who stayed?"]);
  assertEquals(parseQuestions("1. Why leave?\n - because?\n"), ["Why leave? - because?"]);
});

Deno.test("parseQuestions takes the first question, else the first line, where there is no list", () => {
  assertEquals(parseQuestions("Let me think.\nQuestion: Why leave?\nDone."), ["Why leave?"]);
  assertEquals(parseQuestions('"Explain the storm."\nDone.'), ["Explain the storm."]);
  assertEquals(parseQuestions("他为什么离开？"), ["他为什么离开？"]);
});

Deno.test("parseQuestions strips markdown and leaves the words alone", () => {
  assertEquals(parseQuestions("1. What does `a_b_c` do to *all* of __x__ and 2 * 3 * 4?"), [
    "What does a_b_c do to all of x and 2 * 3 * 4?",
  ]);
});

Deno.test("parseQuestions finds nothing in what is no question", () => {
  assertEquals(parseQuestions(""), []);
  assertEquals(parseQuestions("1. ?\n2. ...\n3. No"), []);
});
