import { jsonlFile, pipeline } from "@longpo/longpo/flow";

try {
  await pipeline({
    name: "writing",
    source: async function* count() {
      try {
        for (let n = 0;; n++) yield { n };
      } finally {
        console.log("source closed");
      }
    },
    stages: [],
    sink: jsonlFile(Deno.args[0]),
  }).run();
} catch (error) {
  console.log((error as Error).message);
}
