import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { dpo, longpo, objectiveNamed, objectives, sft } from "../../lib/objective/mod.ts";

Deno.test("objectiveNamed finds each objective by its own name", () => {
  for (const [name, objective] of Object.entries(objectives)) {
    assertStrictEquals(objectiveNamed(name), objective);
    assertEquals(objective.name, name);
  }
  assertEquals([longpo, dpo, sft].map(({ reference }) => reference), ["short", "long", "none"]);
});

Deno.test("objectiveNamed refuses unknown names and says the known ones", () => {
  for (const name of ["ppo", "", "toString"]) {
    const error = assertThrows(() => objectiveNamed(name), UserError, JSON.stringify(name));
    assertEquals(error.hint, "choose one of longpo, dpo, sft");
  }
});
