/**
 * Lengths that may be symbols: `tokens`, `4*tokens`, or plain numbers.
 *
 * @module
 */

/** A length: a number, or a symbolic product such as `"tokens"` or `"4*tokens"`. */
export type Dim = number | string;

/** A shape, outermost length first; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** The product of lengths in canonical form, so that equal products compare equal. */
export function product(dims: Shape): Dim {
  let factor = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === "number") {
      factor *= dim;
      continue;
    }
    for (const part of dim.split("*")) {
      if (/^\d+$/.test(part)) factor *= Number(part);
      else symbols.push(part);
    }
  }
  if (symbols.length === 0 || factor === 0) return factor;
  symbols.sort();
  return (factor === 1 ? symbols : [String(factor), ...symbols]).join("*");
}

/** The shape of an elementwise operation's result under ONNX's (NumPy's) broadcasting. */
export function broadcast(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === 1) return right;
    if (right === 1 || left === right) return left;
    throw new TypeError(`Cannot broadcast [${a}] with [${b}]: ${left} and ${right} differ`);
  });
}

/** Whether two shapes are the same, symbols included. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** An axis counted from the front; negative ones count from the back. */
export function axisOf(rank: number, axis: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (index < 0 || index >= rank) {
    throw new RangeError(`Axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return index;
}
