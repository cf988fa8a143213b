/** Something that takes room in a row. */
export interface Sized {
  /** Tokens in a row. */
  length: number;
}

/**
 * Packs items into rows of at most `tokensPerRow` tokens: the longest first, each into the first
 * row with room (first-fit decreasing, at most 11/9 of the fewest rows and one more).
 *
 * An item longer than a row gets a row of its own.
 */
export function packRows<T extends Sized>(items: readonly T[], tokensPerRow: number): T[][] {
  const rows: { items: T[]; room: number }[] = [];
  for (const item of items.toSorted((one, other) => other.length - one.length)) {
    let row = rows.find(({ room }) => room >= item.length);
    if (row === undefined) rows.push(row = { items: [], room: tokensPerRow });
    row.items.push(item);
    row.room -= item.length;
  }
  return rows.map(({ items }) => items);
}
