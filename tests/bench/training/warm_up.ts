import type { Layout } from "./layout.ts";

/** A short document like the long ones, which makes kernels and graphs ready. */
export function warmUpLayout(layout: Layout): Layout {
  const { tokens, answers } = layout;
  return {
    ...layout,
    documents: 1,
    rows: 1,
    turns: 1,
    tokens: Math.min(tokens, 256),
    answers: Math.min(answers, 32),
  };
}
