/** What flags that several pipelines have stand under in their help; see `inGroup`. */
export const headings = {
  conversations: "Conversations",
  pairs: "Making pairs",
  training: "Training",
  sampler: "A server that writes in place of the model",
  watching: "Watching the run",
} as const;
