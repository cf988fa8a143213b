import type { DocumentRecord } from "./record.ts";

/** Names of the fields of a JSONL line. */
export interface DocumentFields {
  /** The id; it may be missing. @default {"id"} */
  id?: string;
  /** The document's text. @default {"text"} */
  text?: string;
  /** A question or a list of them; may be missing. @default {"questions"} */
  questions?: string;
}

/**
 * Makes a document of the JSON value of a line.
 *
 * @throws {TypeError} If a field is missing or of another kind; the message names it.
 */
export function documentOfLine(
  value: unknown,
  { source, fallbackId }: { source: string; fallbackId: string },
  fields: DocumentFields = {},
): DocumentRecord {
  const names = { id: "id", text: "text", questions: "questions", ...fields };
  if (typeof value !== "object" || value === null) throw new TypeError("the line is no object");
  const line = value as Record<string, unknown>;
  const id = line[names.id] ?? fallbackId;
  if (typeof id !== "string" && typeof id !== "number") {
    throw new TypeError(`${names.id} must be a string or a number`);
  }
  const text = line[names.text];
  if (typeof text !== "string") throw new TypeError(`${names.text} must be a string`);
  const questions = questionsOf(line[names.questions], names.questions);
  return { id: String(id), source, text, ...questions };
}

function questionsOf(value: unknown, name: string): { questions?: string[] } {
  if (value === undefined || value === null) return {};
  const questions = typeof value === "string" ? [value] : value;
  if (!Array.isArray(questions) || questions.some((one) => typeof one !== "string")) {
    throw new TypeError(`${name} must be a string or a list of strings`);
  }
  return { questions };
}
