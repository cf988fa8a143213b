import type { PairRecord, PairTurn, ReferenceLogProbs, SamplerNote } from "./record.ts";

/** A value and where in the record it stands, such as `turns[1].chosen`. */
interface Field {
  path: string;
  value: unknown;
}

/**
 * Checks, field by field, that a value is a pair record.
 *
 * `source`, `sampler`, `reference` and `referenceHash` may be missing, so that pairs written by
 * hand or by another program can be read; the reference stage fills in the log-probs.
 *
 * @throws {TypeError} If a field is missing or of another kind; the message names it.
 *
 * @example Read a pair written by hand
 * ```ts
 * import { parsePair } from "@longpo/longpo/data";
 *
 * const pair = parsePair({
 *   id: "whales",
 *   long: "…",
 *   turns: [{ short: "…", question: "Who?", chosen: "Ahab.", rejected: "Nobody." }],
 * });
 * console.log(pair.turns[0].reference); // {}
 * ```
 */
export function parsePair(value: unknown): PairRecord {
  const record = fieldsOf({ path: "the record", value });
  const id = text(record("id"));
  if (id === "") throw new TypeError("id is an empty string");
  const turns = list(record("turns")).map(turnOf);
  if (turns.length === 0) throw new TypeError("turns is an empty list");
  return withoutUndefined({
    id,
    source: optional(record("source"), text) ?? "",
    long: text(record("long")),
    turns,
    sampler: optional(record("sampler"), samplerOf) ?? { name: "", seed: 0, parameters: {} },
    referenceHash: optional(record("referenceHash"), text) ?? "",
    dropped: optional(record("dropped"), countsOf),
  });
}

function turnOf(field: Field): PairTurn {
  const turn = fieldsOf(field);
  const reference = optional(turn("reference"), fieldsOf);
  return {
    short: text(turn("short")),
    question: text(turn("question")),
    chosen: text(turn("chosen")),
    rejected: text(turn("rejected")),
    reference: reference === undefined ? {} : withoutUndefined({
      short: optional(reference("short"), logProbsOf),
      long: optional(reference("long"), logProbsOf),
    }),
  };
}

function logProbsOf(field: Field): ReferenceLogProbs {
  const logProbs = fieldsOf(field);
  return { chosen: number(logProbs("chosen")), rejected: number(logProbs("rejected")) };
}

function samplerOf(field: Field): SamplerNote {
  const sampler = fieldsOf(field);
  const parameters = sampler("parameters");
  fieldsOf(parameters);
  return withoutUndefined({
    name: text(sampler("name")),
    seed: number(sampler("seed")),
    parameters: parameters.value as SamplerNote["parameters"],
    scorer: optional(sampler("scorer"), text),
  });
}

function countsOf({ path, value }: Field): Record<string, number> {
  const counts = fieldsOf({ path, value });
  return Object.fromEntries(
    Object.keys(value as object).map((name) => [name, number(counts(name))]),
  );
}

function fieldsOf({ path, value }: Field): (name: string) => Field {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong({ path, value }, "an object");
  }
  const prefix = path === "the record" ? "" : `${path}.`;
  return (name) => ({
    path: `${prefix}${name}`,
    value: Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined,
  });
}

function list(field: Field): Field[] {
  if (!Array.isArray(field.value)) throw wrong(field, "a list");
  return field.value.map((value, index) => ({ path: `${field.path}[${index}]`, value }));
}

function text(field: Field): string {
  if (typeof field.value !== "string") throw wrong(field, "a string");
  return field.value;
}

function number(field: Field): number {
  if (!Number.isFinite(field.value)) throw wrong(field, "a finite number");
  return field.value as number;
}

function optional<T>(field: Field, parse: (field: Field) => T): T | undefined {
  return field.value === undefined ? undefined : parse(field);
}

function wrong({ path, value }: Field, wanted: string): TypeError {
  const found = value === undefined
    ? "missing"
    : value === null
    ? "null"
    : Array.isArray(value)
    ? "a list"
    : `a value of type ${typeof value}`;
  return new TypeError(`${path} must be ${wanted}; it is ${found}`);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as T;
}
