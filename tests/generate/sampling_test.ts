import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Random, UserError } from "../../lib/flow/mod.ts";
import {
  checkRules,
  drawToken,
  likeliestToken,
  logNormaliser,
  tokenDistribution,
} from "../../lib/generate/sampling.ts";

/** Probabilities 0.5, 0.25, 0.125, 0.125 of ids 2, 0, 1, 3. */
const LOGITS = Float32Array.from([0.25, 0.125, 0.5, 0.125], (p) => Math.log(p) + 3);

/** Probability of each id of `LOGITS`. */
function probabilities(rules: Parameters<typeof tokenDistribution>[1]): number[] {
  const { ids, probabilities } = tokenDistribution(LOGITS, rules);
  const all = [0, 0, 0, 0];
  for (let at = 0; at < ids.length; at++) all[ids[at]] = probabilities[at];
  return all;
}

function assertClose(actual: number[], expected: number[]): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, at) => assertAlmostEquals(value, expected[at], 1e-6));
}

Deno.test("likeliestToken takes the lowest id on ties", () => {
  assertEquals(likeliestToken([1, 3, 3, 2]), 1);
  assertEquals(likeliestToken([5]), 0);
});

Deno.test("logNormaliser neither overflows nor underflows", () => {
  assertAlmostEquals(logNormaliser([1000, 1000]), 1000 + Math.LN2, 1e-9);
  assertAlmostEquals(logNormaliser([-1000, -1000]), -1000 + Math.LN2, 1e-9);
});

Deno.test("tokenDistribution is the model's own at temperature 1", () => {
  assertClose(probabilities({ temperature: 1 }), [0.25, 0.125, 0.5, 0.125]);
});

Deno.test("tokenDistribution is certain of the likeliest at temperature 0", () => {
  assertClose(probabilities({}), [0, 0, 1, 0]);
  assertClose(probabilities({ temperature: 0, topP: 0.9, topK: 3 }), [0, 0, 1, 0]);
});

Deno.test("tokenDistribution sharpens below temperature 1 and flattens above", () => {
  const squares = [1 / 16, 1 / 64, 1 / 4, 1 / 64];
  const sum = squares.reduce((a, b) => a + b);
  assertClose(probabilities({ temperature: 0.5 }), squares.map((p) => p / sum));
  assertClose(probabilities({ temperature: 1e6 }), [0.25, 0.25, 0.25, 0.25]);
  assertClose(probabilities({ temperature: 1e-6 }), [0, 0, 1, 0]);
});

Deno.test("tokenDistribution keeps topK tokens, the lower id on ties", () => {
  assertClose(probabilities({ temperature: 1, topK: 2 }), [1 / 3, 0, 2 / 3, 0]);
  assertClose(probabilities({ temperature: 1, topK: 3 }), [2 / 7, 1 / 7, 4 / 7, 0]);
  assertClose(probabilities({ temperature: 1, topK: 99 }), [0.25, 0.125, 0.5, 0.125]);
});

Deno.test("tokenDistribution keeps the fewest tokens that reach topP", () => {
  assertClose(probabilities({ temperature: 1, topP: 0.01 }), [0, 0, 1, 0]);
  assertClose(probabilities({ temperature: 1, topP: 0.49 }), [0, 0, 1, 0]);
  assertClose(probabilities({ temperature: 1, topP: 0.51 }), [1 / 3, 0, 2 / 3, 0]);
  assertClose(probabilities({ temperature: 1, topP: 0.8 }), [2 / 7, 1 / 7, 4 / 7, 0]);
});

Deno.test("tokenDistribution applies topP to what topK and temperature leave", () => {
  // Of 2/3 and 1/3 the first alone reaches 0.6; of 0.5 and 0.25 it would not.
  assertClose(probabilities({ temperature: 1, topK: 2, topP: 0.6 }), [0, 0, 1, 0]);
});

Deno.test("tokenDistribution finds the same nucleus in a large vocabulary as sorting all", () => {
  const random = new Random(3);
  const logits = Float32Array.from({ length: 5000 }, () => 3 * random.normal());
  const normaliser = logNormaliser(logits);
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b);
  for (const topP of [0.1, 0.5, 0.9, 0.99]) {
    const expected: number[] = [];
    for (let sum = 0; sum < topP;) {
      const id = order[expected.length];
      expected.push(id);
      sum += Math.exp(logits[id] - normaliser);
    }
    assertEquals([...tokenDistribution(logits, { temperature: 1, topP }).ids], expected);
  }
});

Deno.test("tokenDistribution keeps the same topK of a large vocabulary as sorting all", () => {
  const random = new Random(4);
  // Few different numbers, so that there are ties at every border.
  const logits = Float32Array.from({ length: 5000 }, () => random.int(40));
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b);
  for (const topK of [1, 2, 50, 2500, 4999]) {
    const { ids } = tokenDistribution(logits, { temperature: 1, topK });
    assertEquals([...ids], order.slice(0, topK).sort((a, b) => a - b));
  }
});

Deno.test("drawToken draws by probability and tells the model's own log-prob", () => {
  const random = new Random(1);
  const counts = [0, 0, 0, 0];
  for (let draw = 0; draw < 4000; draw++) {
    const { id, logProb } = drawToken(LOGITS, { temperature: 1, topK: 3 }, random);
    counts[id]++;
    assertAlmostEquals(logProb, Math.log([0.25, 0.125, 0.5, 0.125][id]), 1e-6);
  }
  assertEquals(counts[3], 0);
  // 4 standard deviations of a count are below 130.
  [2 / 7, 1 / 7, 4 / 7].forEach((p, id) => assert(Math.abs(counts[id] - 4000 * p) < 130));
});

Deno.test("drawToken takes what a repetition penalty leaves likeliest, and tells the model's log-prob", () => {
  const logits = Float32Array.of(2, 1.5, -1, -1.2);
  const draw = (repetitionPenalty: number, seen: number[], among = logits) =>
    drawToken(among, { repetitionPenalty }, new Random(1), { seen: new Set(seen) });
  assertEquals(draw(1, [0]).id, 0);
  assertEquals(draw(1.5, [0]).id, 1);
  assertEquals(draw(1.5, [0, 1]).id, 0);
  assertEquals(draw(1.5, [2], Float32Array.of(-3, -2, -1, -1.2)).id, 3);
  assertAlmostEquals(draw(1.5, [0]).logProb, 1.5 - logNormaliser(logits), 1e-6);
  assertEquals([...logits], [...Float32Array.of(2, 1.5, -1, -1.2)]);
});

Deno.test("drawToken repeats itself with the same seed", () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => drawToken(LOGITS, { temperature: 1 }, random).id);
  };
  assertEquals(draw(1), draw(1));
  assert(draw(1).join() !== draw(2).join());
});

Deno.test("drawToken refuses logits that are no numbers", () => {
  const logits = Float32Array.of(0, NaN);
  assertThrows(() => drawToken(logits, {}, new Random(1)), UserError, "not finite");
});

Deno.test("checkRules names the rule that means nothing", () => {
  checkRules({ temperature: 0.7, topP: 0.9, topK: 40 });
  assertThrows(() => checkRules({ temperature: -1 }), UserError, "temperature");
  assertThrows(() => checkRules({ temperature: NaN }), UserError, "temperature");
  assertThrows(() => checkRules({ topP: 0 }), UserError, "topP");
  assertThrows(() => checkRules({ topP: 1.1 }), UserError, "topP");
  assertThrows(() => checkRules({ topK: 2.5 }), UserError, "topK");
});
