import type { ChunkedDocument, DocumentRecord } from "../../lib/data/record.ts";
import { chunk } from "../../lib/data/chunk.ts";
import { runStage } from "./run_stage.ts";
import { wordTokenizer } from "./word_tokenizer.ts";

const scenes = [
  "Ahab walks the deck at night. The whale has taken his leg.",
  "Queequeg sharpens his harpoon. He comes from a far island.",
  "Starbuck doubts the voyage. He thinks of Nantucket and his wife.",
  "Ishmael climbs the mast. From there he sees the ocean roll.",
  "Pip falls in the sea. The boats leave him behind for hours.",
  "Stubb eats a steak of whale. The cook must preach to sharks.",
];

/** A document of six paragraphs, each about one sailor. */
export function seaDocument(id = "sea", questions?: string[]): DocumentRecord {
  const document = { id, source: `${id}.txt`, text: scenes.join("\n\n") };
  return questions === undefined ? document : { ...document, questions };
}

/** The same, with a chunk a paragraph. */
export async function chunkedSea(id = "sea", questions?: string[]): Promise<ChunkedDocument> {
  const { out } = await runStage(chunk({ tokenizer: wordTokenizer, tokens: 16 }), [
    seaDocument(id, questions),
  ]);
  return out[0];
}
