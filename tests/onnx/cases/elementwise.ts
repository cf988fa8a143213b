import {
  add,
  div,
  exp,
  log,
  mul,
  neg,
  reciprocal,
  sigmoid,
  softplus,
  sqrt,
  sub,
  tanh,
} from "../../../lib/onnx/mod.ts";
import { type GradientCase, some } from "../../support/gradient_case.ts";

const tokens = { tokens: 3, heads: 2 };

const positive = [0.5, 2] as const;

function unary(
  rule: string,
  of: typeof neg,
  range: readonly [number, number] = [-2, 2],
): GradientCase {
  return {
    rule,
    about: "of a matrix",
    inputs: { x: some(["tokens", 4], tokens, range) },
    build: (g, { x }) => of(g, x),
  };
}

function binary(rule: string, of: typeof add): GradientCase[] {
  const test = (about: string, inputs: GradientCase["inputs"]): GradientCase => ({
    rule,
    about,
    inputs,
    build: (g, { a, b }) => of(g, a, b),
  });
  return [
    test("of equal shapes", {
      a: some(["tokens", 4], tokens),
      b: some(["tokens", 4], tokens, positive),
    }),
    test("of a matrix and a scalar", { a: some(["tokens", 4], tokens), b: some([], {}, positive) }),
    test("of a scalar and a matrix", { a: some([]), b: some(["tokens", 4], tokens, positive) }),
    test("of a matrix and a row", { a: some(["tokens", 4], tokens), b: some([4], {}, positive) }),
    test("of a matrix and a column", {
      a: some(["tokens", 4], tokens),
      b: some(["tokens", 1], tokens, positive),
    }),
    test("of a row and a column, both spread", {
      a: some([1, 4]),
      b: some(["tokens", 1], tokens, positive),
    }),
    test("of tensors with symbols, one of them lacking the first axis", {
      a: some(["heads", "tokens", "keys"], { ...tokens, keys: 4 }),
      b: some(["tokens", "keys"], { ...tokens, keys: 4 }, positive),
    }),
    test("of tensors that lack and stretch axes at once", {
      a: some(["tokens", 1], tokens),
      b: some(["heads", 1, "keys"], { ...tokens, keys: 4 }, positive),
    }),
    {
      rule,
      about: "of a value with itself",
      inputs: { x: some(["tokens", 4], tokens, positive) },
      // Exp keeps x - x and x / x from having no gradient at all.
      build: (g, { x }) => of(g, x, exp(g, x)),
    },
  ];
}

/** Arithmetic and functions of single elements. */
export const elementwiseCases: GradientCase[] = [
  ...binary("Add", add),
  ...binary("Sub", sub),
  ...binary("Mul", mul),
  ...binary("Div", div),
  unary("Neg", neg),
  unary("Exp", exp),
  unary("Log", log, positive),
  unary("Sqrt", sqrt, positive),
  unary("Reciprocal", reciprocal, positive),
  unary("Sigmoid", sigmoid),
  unary("Softplus", softplus),
  unary("Tanh", tanh),
];
