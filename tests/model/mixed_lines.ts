import { createHash } from "node:crypto";

/** 2,000 lines out of fragments, drawn as tests/oracle/mixed_text.py draws them. */
export function mixedLines(fragments: readonly string[]): string[] {
  let state = 1;
  const draw = (count: number) => (state = state * 48271 % 2147483647) % count;
  return Array.from({ length: 2000 }, () => {
    const parts = Array.from({ length: 1 + draw(4) }, () => fragments[draw(fragments.length)]);
    return parts.join(["", " ", "\n", "  "][draw(4)]);
  });
}

/** Of what becomes of the lines, one SHA-256 for each hundred. */
export function lineHashes(found: readonly unknown[]): string[] {
  return Array.from({ length: found.length / 100 }, (_, part) => {
    const json = JSON.stringify(found.slice(part * 100, part * 100 + 100));
    return createHash("sha256").update(json).digest("hex");
  });
}
