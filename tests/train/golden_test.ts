import { assert, assertEquals } from "@std/assert";
import { packRow } from "../../lib/model/mod.ts";
import { objectiveNamed } from "../../lib/objective/mod.ts";
import { Learner } from "../../lib/train/mod.ts";
import {
  type GoldenCase,
  type GoldenObjective,
  loadCases,
  relativeError,
} from "../support/golden_cases.ts";
import { goldenModel } from "../support/golden_model.ts";

/** PyTorch's numbers are float64; float32 leaves about 3e-6. */
const TOLERANCE = 3e-5;

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const error = relativeError(actual, expected);
  assert(error <= TOLERANCE, `${what}: relative error ${error}`);
}

async function check(golden: GoldenCase, objective: GoldenObjective): Promise<void> {
  const { config, parameters } = goldenModel(golden);
  const { name, aggregation, beta, lambda, expected, gradients } = objective;
  await using learner = await Learner.open(config, parameters, {
    objective: objectiveNamed(name),
    aggregation,
    beta,
    lambda,
  });
  const result = await learner.accumulate(packRow(golden.documents), 1 / golden.documents.length);

  const of = `${golden.name}, ${name} ${aggregation}`;
  near([result.loss], [expected.loss], `${of}: loss`);
  near([result.nll], [expected.nll], `${of}: NLL`);
  assertEquals(result.preference === undefined, expected.preference === null, of);
  if (expected.preference !== null) {
    near([result.preference!], [expected.preference], `${of}: preference`);
  }
  const { chosen, rejected } = result.logProbs;
  near(chosen, expected.documents.flatMap(({ logpChosen }) => logpChosen), `${of}: chosen`);
  near(rejected, expected.documents.flatMap(({ logpRejected }) => logpRejected), `${of}: rejected`);
  assertEquals([...learner.gradients.keys()].sort(), [...gradients.keys()].sort());
  for (const [parameter, gradient] of gradients) {
    near(learner.gradients.get(parameter)!, gradient.data, `${of}: ${parameter}`);
  }
}

for (const golden of await loadCases()) {
  Deno.test(`loss and gradients are PyTorch's: ${golden.name}`, async () => {
    for (const objective of golden.objectives) await check(golden, objective);
  });
}
