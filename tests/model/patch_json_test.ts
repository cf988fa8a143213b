import { assertEquals } from "@std/assert";
import { patchJson } from "../../lib/model/patch_json.ts";

Deno.test("patchJson changes a value and no other byte", () => {
  const text = `{ "a" : 1e-06,\n\t"rope_theta":10000.0 , "note": "rope_theta: 3" }\n`;
  assertEquals(
    patchJson(text, "rope_theta", 5, "5.0"),
    `{ "a" : 1e-06,\n\t"rope_theta":5.0 , "note": "rope_theta: 3" }\n`,
  );
});

Deno.test("patchJson keeps the text whose value is right already", () => {
  const text = `{"rope_theta": 1e4}`;
  assertEquals(patchJson(text, "rope_theta", 10000, "10000.0"), text);
});

Deno.test("patchJson changes values of inner objects", () => {
  assertEquals(
    patchJson(
      `{"rope_parameters": {"rope_theta": 1, "rope_type": "default"}}`,
      "rope_theta",
      2,
      "2.0",
    ),
    `{"rope_parameters": {"rope_theta": 2.0, "rope_type": "default"}}`,
  );
});

Deno.test("patchJson replaces strings and null", () => {
  assertEquals(patchJson(`{"dtype": null}`, "dtype", "x", `"x"`), `{"dtype": "x"}`);
  assertEquals(
    patchJson(`{"dtype": "a\\"b", "c": 1}`, "dtype", "x", `"x"`),
    `{"dtype": "x", "c": 1}`,
  );
});

Deno.test("patchJson adds a key that is not there", () => {
  assertEquals(JSON.parse(patchJson(`{"a": 1}`, "b", "$&", `"$&"`)), { b: "$&", a: 1 });
  assertEquals(JSON.parse(patchJson("{}", "b", 2, "2")), { b: 2 });
});
