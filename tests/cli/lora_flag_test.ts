import { assertEquals, assertThrows } from "@std/assert";
import { loraFlag, loraOf, paperRecipe, parseLora, UsageError } from "../../lib/cli/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { smallModel } from "../support/small_model.ts";

Deno.test("parseLora reads what is given, and PEFT's usual numbers for the rest", () => {
  assertEquals(parseLora("r=4"), { rank: 4, alpha: 32 });
  assertEquals(parseLora("alpha=0.5,targets=v_proj"), {
    rank: 16,
    alpha: 0.5,
    targets: ["v_proj"],
  });
  assertEquals(parseLora("r=16,alpha=32,targets=q_proj+v_proj"), {
    rank: 16,
    alpha: 32,
    targets: ["q_proj", "v_proj"],
  });
});

Deno.test("--lora keeps every number in its text", () => {
  assertEquals(loraFlag.read("r=8"), "r=8,alpha=32");
  assertEquals(loraFlag.read("targets=q_proj+v_proj"), "r=16,alpha=32,targets=q_proj+v_proj");
});

Deno.test("parseLora says what is wrong", () => {
  const wrong = {
    "": "Cannot use --lora: '' is no setting",
    "16": "Cannot use --lora: '16' is no setting",
    "r=0": "Cannot use --lora: r cannot be '0'",
    "r=1.5": "Cannot use --lora: r cannot be '1.5'",
    "alpha=-1": "Cannot use --lora: alpha cannot be '-1'",
    "r=4,alpha=": "Cannot use --lora: alpha cannot be ''",
    "targets=q_proj+": "Cannot use --lora: targets cannot be 'q_proj+'",
    "rank=4": "Cannot use --lora: there is no 'rank', only r, alpha, targets",
    "toString=4": "Cannot use --lora: there is no 'toString'",
    "r=4,dropout=0.1": "Cannot use --lora: adapters have no dropout here",
  };
  for (const [text, says] of Object.entries(wrong)) {
    assertThrows(() => parseLora(text), UsageError, says);
  }
});

Deno.test("loraOf refuses layers that the model has not", () => {
  const { config } = smallModel();
  assertEquals(loraOf(paperRecipe, config), undefined);
  assertEquals(loraOf({ ...paperRecipe, lora: "r=2" }, config), { rank: 2, alpha: 32 });
  const lora = "targets=query_key_value";
  assertThrows(
    () => loraOf({ ...paperRecipe, lora }, config),
    UserError,
    "Cannot adapt query_key_value",
  );
});
