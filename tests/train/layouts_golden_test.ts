import { assertEquals, assertLess } from "@std/assert";
import { packRow, parseConfig, randomParameters } from "../../lib/model/mod.ts";
import { objectiveNamed } from "../../lib/objective/mod.ts";
import { Learner } from "../../lib/train/mod.ts";
import { relativeError } from "../support/golden_cases.ts";
import { sketch, sketchDistance } from "../support/gradient_sketch.ts";
import type { GoldenLayout } from "../support/layout_cases.ts";

/** What `tests/oracle/layouts_golden.ts` wrote. */
const { config: raw, layouts }: { config: Record<string, unknown>; layouts: GoldenLayout[] } = JSON
  .parse(await Deno.readTextFile(new URL("../golden/layouts.json", import.meta.url)));

/** PyTorch's numbers are float64's; of most gradients float32 leaves 3e-6, of few 1e-5. */
const TOLERANCE = 1e-4;

Deno.test("losses and gradients at SmolLM2-135M's widths are PyTorch's, on random layouts", async () => {
  const config = parseConfig(raw);
  const parameters = randomParameters(config, 1);
  for (const [at, { documents, objective, expected }] of layouts.entries()) {
    const { name, ...numbers } = objective;
    const options = { ...numbers, objective: objectiveNamed(name) };
    await using learner = await Learner.open(config, parameters, options);
    const found = await learner.accumulate(packRow(documents), 1 / documents.length);

    const near = (actual: ArrayLike<number>, wanted: ArrayLike<number>, what: string) =>
      assertLess(relativeError(actual, wanted), TOLERANCE, `layout ${at}: ${what}`);
    near([found.loss], [expected.loss], "loss");
    near([found.nll], [expected.nll], "NLL");
    near([found.preference!], [expected.preference!], "preference");
    near(found.logProbs.chosen, expected.chosen, "log-probs of chosen answers");
    near(found.logProbs.rejected, expected.rejected, "log-probs of rejected answers");
    assertEquals([...learner.gradients.keys()].sort(), Object.keys(expected.gradients).sort());
    for (const [parameter, gradient] of Object.entries(expected.gradients)) {
      const apart = sketchDistance(sketch(learner.gradients.get(parameter)!), gradient);
      assertLess(apart, TOLERANCE, `layout ${at}: ${parameter}`);
    }
  }
});

Deno.test("a gradient's sketch tells another order and single signs from the gradient", () => {
  const gradient = Array.from({ length: 100 }, (_, at) => Math.sin(at));
  const own = sketch(gradient);
  assertEquals(sketchDistance(own, sketch(gradient)), 0);
  assertEquals(sketchDistance(sketch(gradient.toReversed()), own) > 0.1, true);
  assertEquals(sketchDistance(sketch(gradient.with(7, -gradient[7])), own) > 0.1, true);
});
