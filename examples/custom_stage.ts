// Keeps the documents whose chosen answers all stand in the text that they were given from:
//   deno run -A pipelines/pairs.ts | deno run -A examples/custom_stage.ts > grounded.jsonl
import { type PairRecord, readPairs } from "@longpo/longpo/data";
import { formatReport, jsonlStdout, pipeline, type Stage } from "@longpo/longpo/flow";

const grounded: Stage<PairRecord, PairRecord> = async function* grounded(source, { meter }) {
  for await (const record of source) {
    const stands = record.turns.every(({ short, chosen }) => short.includes(chosen.slice(0, -1)));
    if (stands) yield record;
    else meter.drop("an answer does not stand in the text", record);
  }
};

const keeping = pipeline({
  name: "grounded pairs",
  source: readPairs(Deno.args[0] ?? "-"),
  stages: [grounded],
  sink: jsonlStdout(),
});
try {
  console.error(formatReport(await keeping.run()));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = 1;
}
