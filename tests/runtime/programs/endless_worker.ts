// Runs a graph for as long as it is let; says so before the first run.
import { Session } from "../../../lib/runtime/mod.ts";
import { chain, chainInputs } from "../graphs.ts";

const session = await Session.open(chain());
// Programs are checked without the names that only workers have.
(self as unknown as Pick<Worker, "postMessage">).postMessage(session.backend);
while (true) await session.run(chainInputs());
