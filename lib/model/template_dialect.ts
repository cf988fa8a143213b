/**
 * Chat templates with the meaning they have in Python.
 *
 * The library that renders them strips white space whatever letters `strip` is given, and never
 * selects a message for an attribute that it lacks. Both are mended in the parsed template: calls of
 * `strip` become calls of functions that templates find beside the messages, and selecting what is
 * undefined becomes rejecting what is defined.
 *
 * @module
 */

import { Template } from "@huggingface/jinja";
import { strip, stripEnd, stripStart } from "./python_strip.ts";

/** A part of a parsed template; which keys it has depends on its type. */
type Node = Record<string, unknown>;

/** What becomes of the methods and filters of this name. */
const METHODS: Readonly<Record<string, string>> = {
  strip: "python_strip",
  lstrip: "python_lstrip",
  rstrip: "python_rstrip",
};
const FILTERS: Readonly<Record<string, string>> = { trim: METHODS.strip };

/** The functions that parsed templates call, by name: part of what they are rendered with. */
export const DIALECT: Readonly<Record<string, unknown>> = {
  [METHODS.strip]: (text: unknown, letters?: string) => strip(`${text ?? ""}`, letters),
  [METHODS.lstrip]: (text: unknown, letters?: string) => stripStart(`${text ?? ""}`, letters),
  [METHODS.rstrip]: (text: unknown, letters?: string) => stripEnd(`${text ?? ""}`, letters),
};

const OPPOSITE: Readonly<Record<string, string>> = {
  selectattr: "rejectattr",
  rejectattr: "selectattr",
};

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function named(node: unknown, names: Readonly<Record<string, string>>): string | undefined {
  const isName = isNode(node) && node.type === "Identifier";
  return isName ? names[node.value as string] : undefined;
}

function call(name: string, args: unknown[]): Node {
  return { type: "CallExpression", callee: { type: "Identifier", value: name }, args };
}

/** `text.strip(letters)` as a call. */
function asMethod({ type, callee, args }: Node): Node | undefined {
  if (type !== "CallExpression" || !isNode(callee)) return undefined;
  const isMember = callee.type === "MemberExpression" && !callee.computed;
  const name = isMember ? named(callee.property, METHODS) : undefined;
  return name === undefined ? undefined : call(name, [callee.object, ...args as unknown[]]);
}

/** `text | trim` as a call. */
function asFilter({ type, operand, filter }: Node): Node | undefined {
  if (type !== "FilterExpression" || !isNode(filter)) return undefined;
  const name = named(filter.callee ?? filter, FILTERS);
  if (name === undefined) return undefined;
  return call(name, [operand, ...(filter.args ?? []) as unknown[]]);
}

/** `messages | selectattr(name, "undefined")` as `messages | rejectattr(name, "defined")`. */
function asOpposite({ type, operand, filter }: Node): Node | undefined {
  if (type !== "FilterExpression" || !isNode(filter) || !filter.callee) return undefined;
  const name = named(filter.callee, OPPOSITE);
  const [attribute, test] = filter.args as Node[];
  if (name === undefined || test?.value !== "undefined") return undefined;
  return { type, operand, filter: call(name, [attribute, { ...test, value: "defined" }]) };
}

function translate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(translate);
  if (value instanceof Map) {
    return new Map([...value].map(([a, b]) => [translate(a), translate(b)]));
  }
  if (!isNode(value)) return value;
  const node = asMethod(value) ?? asFilter(value) ?? asOpposite(value) ?? value;
  for (const [key, child] of Object.entries(node)) node[key] = translate(child);
  return node;
}

/**
 * Parses a template; it has to be rendered with {@linkcode DIALECT}.
 *
 * @throws {SyntaxError} If it does not parse.
 */
export function parseTemplate(source: string): Template {
  const template = new Template(source);
  translate(template.parsed);
  return template;
}
