// Runs a graph and says which way; whatever goes wrong is said in a line.
import { floats, Session } from "../../../lib/runtime/mod.ts";
import { doubling } from "../graphs.ts";

try {
  await using session = await Session.open(doubling());
  const { twice } = await session.run({ x: floats(Float32Array.of(1, 2), [2]) });
  console.log(session.backend, ...twice.data);
} catch (error) {
  console.log(`${error}`);
}
