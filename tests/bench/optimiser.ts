/**
 * An update of all parameters of SmolLM2-135M's shape, by how the moments are kept: time and memory.
 *
 *     deno run -A tests/bench/optimiser.ts [--moments=8bit] [--repeats=5] [--layers=30]
 *
 * Memory is what the process holds after the updates beyond what it held before the optimiser was
 * opened, and the most that it held in between; all pages of weights and gradients are there before.
 * Times are the least of the repeats. The kinds are measured in processes of their own.
 *
 * @module
 */

import process from "node:process";
import { expectedParameters, parseConfig, randomParameters } from "../../lib/model/mod.ts";
import { buildArtifacts } from "../../lib/onnx/mod.ts";
import { AdamW, type MomentsName, momentsNames } from "../../lib/train/mod.ts";

const flag = (name: string) => Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];

const repeats = Number(flag("repeats") ?? 5);
const config = parseConfig({
  model_type: "llama",
  vocab_size: 49152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: Number(flag("layers") ?? 30),
  num_attention_heads: 9,
  num_key_value_heads: 3,
  tie_word_embeddings: true,
});

const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const resident = () => Deno.memoryUsage().rss;
const most = () => process.resourceUsage().maxRSS * 1024;

async function measure(moments: MomentsName): Promise<void> {
  const parameters = randomParameters(config, 1);
  const gradients = new Map(
    [...parameters].map(([name, { data }]) => [name, data.map((x) => 1e-3 * x)]),
  );
  const count = [...gradients.values()].reduce((sum, { length }) => sum + length, 0);
  const before = resident();
  await using optimizer = await AdamW.open(buildArtifacts([]), parameters, { moments });
  let [wall, cpu] = [Infinity, Infinity];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    await optimizer.update(parameters, gradients, 1e-5);
    const { user, system } = process.cpuUsage(used);
    wall = Math.min(wall, performance.now() - started);
    cpu = Math.min(cpu, (user + system) / 1000);
  }
  const perNumber = ((resident() - before) / count).toFixed(2);
  console.log(
    `${moments.padEnd(8)} ${(count / 1e6).toFixed(1)} M numbers: ${wall.toFixed(0)} ms wall, ` +
      `${cpu.toFixed(0)} ms CPU; ${mebibytes(resident() - before)} MiB more ` +
      `(${perNumber} bytes a number), at most ${mebibytes(most() - before)} MiB`,
  );
}

const asked = flag("moments") as MomentsName | undefined;
if (asked) await measure(asked);
else {
  console.log(`${expectedParameters(config).size} parameters`);
  for (const moments of momentsNames) {
    const args = ["run", "-A", import.meta.filename!, ...Deno.args, `--moments=${moments}`];
    await new Deno.Command(Deno.execPath(), { args, stdout: "inherit" }).output();
  }
}
