/**
 * Names that weights outside the layers have in Hugging Face checkpoints.
 *
 * @module
 */

/** The name of the embedding, `[vocab, hidden]`. */
export const EMBEDDING = "model.embed_tokens.weight";

/** The name of the head, `[vocab, hidden]`: absent where it is the embedding. */
export const HEAD = "lm_head.weight";
