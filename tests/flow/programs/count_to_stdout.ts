import { jsonlStdout, pipeline } from "@longpo/longpo/flow";

const pause = Number(Deno.args[0]);

await pipeline({
  name: "counting",
  source: async function* count() {
    try {
      for (let n = 0;; n++) {
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        yield { n };
      }
    } finally {
      console.error("source closed");
    }
  },
  stages: [],
  sink: jsonlStdout(),
}).run();
console.error("finished");
