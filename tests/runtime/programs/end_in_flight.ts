// Ends in one of several ways while a graph runs.
import { Session } from "../../../lib/runtime/mod.ts";
import { chain, chainInputs } from "../graphs.ts";

const endings: Record<string, () => unknown> = {
  exit: () => Deno.exit(7),
  throw: () => {
    throw new Error("thrown in flight");
  },
  reject: () => Promise.reject(new Error("rejected in flight")),
};

const session = await Session.open(chain());
const running = session.run(chainInputs());
setTimeout(endings[Deno.args[0]], 10);
await running;
console.log("the run is over");
await new Promise((resolve) => setTimeout(resolve, 1000));
