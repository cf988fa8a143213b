import { assertEquals } from "@std/assert";
import { Pace } from "../../lib/runtime/ffi/pace.ts";
import { enter, leave, Trip } from "../../lib/runtime/ffi/traffic.ts";

/** Makes a run of no work and says where it was made. */
async function placeOf(pace: Pace): Promise<string> {
  let place = "";
  const inPlace = () => void (place = "in place");
  const aside = () => Promise.resolve().then(() => void (place = "aside"));
  await pace.run(1, inPlace, aside);
  return place;
}

Deno.test("Pace waits in place for runs that are known to be quick", async () => {
  const pace = new Pace();
  assertEquals(await placeOf(pace), "aside");
  assertEquals(await placeOf(pace), "in place");
});

Deno.test("Pace lets quick runs go aside while others go on, so that rows of runs share the time", async () => {
  const pace = new Pace();
  await placeOf(pace);
  const trips = [1n, 2n].map((session) => new Trip(session, {}, {}));
  for (const trip of trips) enter(trip);
  try {
    assertEquals(await placeOf(pace), "aside");
  } finally {
    for (const trip of trips) leave(trip);
  }
  assertEquals(await placeOf(pace), "in place");
});
