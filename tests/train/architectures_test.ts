import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { packRow, type Parameter, randomAdapter } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { builtFor, Learner, loadArtifacts, trainingSegments } from "../../lib/train/mod.ts";
import {
  adapterInputs,
  buildArtifacts,
  readArtifacts,
  writeArtifacts,
} from "../../lib/onnx/mod.ts";
import { architectureCases, loadArchitecture } from "../support/golden_architectures.ts";
import { relativeError } from "../support/golden_cases.ts";
import type { GoldenTensor } from "../support/read_float32_tensors.ts";
import { learn } from "../support/learn.ts";

const cases = await Promise.all(architectureCases.map(loadArchitecture));

const learnable = cases.filter(({ learnt }) => learnt);
const runs = (["layer", "model"] as const)
  .flatMap((segment) => learnable.map((each) => ({ ...each, segment })));

for (const { name, config, parameters, learnt, segment } of runs) {
  Deno.test(`gradients of ${name} are those of PyTorch, a ${segment} a segment`, async () => {
    const { document, objective: { beta, lambda }, loss, gradients } = learnt!;
    const options = { beta, lambda, threads: 1, segment };
    const found = await learn({ config, parameters }, [packRow([document])], 1, options);
    assertAlmostEquals(found.results[0].loss, loss, 1e-5 * loss);
    assertEquals([...found.gradients.keys()].sort(), [...gradients.keys()].sort());
    for (const [parameter, { data }] of gradients) {
      const error = relativeError(found.gradients.get(parameter)!, data);
      assertLess(error, 1e-4, `${parameter}: relative error ${error}`);
    }
  });
}

/** `scale G A^T`: what adapters learn follows from what the weights that they belong to would. */
function gradientOfB(whole: GoldenTensor, a: Parameter, scale: number): Float32Array {
  const [out, width] = whole.shape;
  const [rank] = a.shape;
  return Float32Array.from({ length: out * rank }, (_, at) => {
    const [row, inner] = [Math.floor(at / rank), at % rank];
    let sum = 0;
    for (let i = 0; i < width; i++) sum += whole.data[row * width + i] * a.data[inner * width + i];
    return scale * sum;
  });
}

for (const name of ["smollm3", "phi3", "gemma3"]) {
  Deno.test(`adapters of ${name} learn, whatever the kind of the layer`, async () => {
    const { config, parameters, learnt } = cases.find((golden) => golden.name === name)!;
    const { document, objective: { beta, lambda }, loss, gradients } = learnt!;
    const adapter = randomAdapter(config, { rank: 2, alpha: 6 }, 1);
    const options = { beta, lambda, threads: 1, adapter };
    const found = await learn({ config, parameters }, [packRow([document])], 1, options);
    assertAlmostEquals(found.results[0].loss, loss, 1e-5 * loss);
    assertEquals(found.gradients.size, adapter.parameters.size);
    for (const [weight, whole] of gradients) {
      const { a, b } = adapterInputs(weight);
      if (!adapter.parameters.has(a)) continue;
      const expected = gradientOfB(whole, adapter.parameters.get(a)!, 3);
      assertLess(relativeError(found.gradients.get(b)!, expected), 1e-4, b);
    }
  });
}

Deno.test("artifacts of several kinds of layers are written, read and refused by kind", async () => {
  const { config, parameters } = await loadArchitecture("smollm3");
  const purpose = { config, objective: longpo, aggregation: "sum" } as const;
  const files = buildArtifacts(trainingSegments(config, longpo, "sum"));
  const folder = await Deno.makeTempDir();
  try {
    await writeArtifacts(`${folder}/artifacts`, files, builtFor(purpose));
    const { manifest } = await readArtifacts(`${folder}/artifacts`);
    const names = manifest.segments.map(({ name }) => name);
    assertEquals(names, ["embed", "layer", "layer_unturned", "head"]);
    const artifacts = await loadArtifacts(`${folder}/artifacts`, purpose);
    await using _ = await Learner.open(config, parameters, { objective: longpo, artifacts });
    const plain = { ...config, layerKinds: undefined };
    const error = await loadArtifacts(`${folder}/artifacts`, { ...purpose, config: plain })
      .then(() => undefined, (error) => error as Error);
    assertEquals(error?.message.includes("built for layers layer, layer_unturned"), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
