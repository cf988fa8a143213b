/** Asks the world's model for a question on the text above it. */
export const ASK_INSTRUCTION = "Ask a question about the text.";
