import { collapseSpace } from "./words.ts";

/** "1.", "2)", "3:", "Q4.", "**Question 5:**" at the beginning of a line. */
const NUMBER = /^\s*(?:[#*_>]+\s*)?(?:q(?:uestion)?\s*)?\d{1,2}\s*[.):](?:\*\*|__)?\s*/i;

/** "-", "*" or "•" at the beginning of a line. */
const BULLET = /^\s*[-*•]\s+/;

/** "Question:" without a number. */
const LABEL = /^\s*(?:\*\*|__)?(?:q|question)\s*:(?:\*\*|__)?\s*/i;

/** Fewest letters and digits of a usable question. */
const FEWEST_CHARACTERS = 5;

/**
 * Reads the questions out of a model's answer: the items of its numbered list, else of its
 * bulleted list, else the first line that ends as a question, else the first line.
 *
 * Markdown, numbers, labels and quotation marks are taken off; what is too short to be a question
 * is left out.
 *
 * @example Read a numbered list
 * ```ts
 * import { parseQuestions } from "@longpo/longpo/data";
 * import { assertEquals } from "@std/assert";
 *
 * const answer = "Here you are:\n1. **Why** did she leave?\n2) What did the *letter* say?";
 * assertEquals(parseQuestions(answer), ["Why did she leave?", "What did the letter say?"]);
 * ```
 */
export function parseQuestions(answer: string): string[] {
  const numbered = listItems(answer, NUMBER);
  const listed = numbered.length > 0 ? numbered : listItems(answer, BULLET);
  return (listed.length > 0 ? listed : firstQuestion(answer)).map(clean).filter(isUsable);
}

/** Items of a list; an item goes on over the lines that follow it, up to a blank line. */
function listItems(answer: string, mark: RegExp): string[] {
  const items: string[] = [];
  let open = false;
  for (const line of answer.split("\n")) {
    if (mark.test(line)) {
      items.push(line.replace(mark, ""));
      open = true;
    } else if (line.trim() === "") {
      open = false;
    } else if (open) {
      items.push(`${items.pop()} ${line}`);
    }
  }
  return items;
}

function firstQuestion(answer: string): string[] {
  const lines = answer.split("\n").filter((line) => line.trim() !== "");
  const asking = lines.find((line) => /[?？؟]["'”’*_)\s]*$/.test(line));
  return asking !== undefined ? [asking] : lines.slice(0, 1);
}

function clean(question: string): string {
  const plain = question
    .replace(LABEL, "")
    .replace(/^\s*#+\s*/, "")
    .replace(/(\*\*|__|`)(.+?)\1/g, "$2")
    .replace(/(?<!\w)([*_])(\S.*?)\1(?!\w)/g, "$2")
    .replace(/\*\*\s*$/, "");
  return collapseSpace(plain).replace(/^["“«](.*)["”»]$/, "$1");
}

function isUsable(question: string): boolean {
  return (question.match(/[\p{L}\p{N}]/gu) ?? []).length >= FEWEST_CHARACTERS;
}
