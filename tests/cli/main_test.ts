import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const program = `${import.meta.dirname}/fixtures/program.ts`;
const signals = { ignore: Deno.build.os === "windows" };

function start(...flags: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--allow-read=${import.meta.dirname}`,
      program,
      ...flags,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Starts the program, sends signals each time it has said something, and waits for its end. */
async function interrupted(end: string, ...signals: Deno.Signal[]): Promise<Ended> {
  const child = start("--end", end);
  const [seen, rest] = child.stdout.tee();
  const reader = seen.getReader();
  const said = await reader.read();
  assertEquals(new TextDecoder().decode(said.value), "ready\n");
  const [errors, kept] = child.stderr.tee();
  const complaints = errors.getReader();
  for (const signal of signals) {
    child.kill(signal);
    await complaints.read();
  }
  const [{ code }, stdout, stderr] = await Promise.all([
    child.status,
    new Response(rest).text(),
    new Response(kept).text(),
    drain(reader),
    drain(complaints),
  ]);
  return { code, stdout, stderr };
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

Deno.test("main exits with 0 and in silence when all went well", async () => {
  assertEquals(await ended(start("--end", "well")), { code: 0, stdout: "", stderr: "" });
});

Deno.test("main prints the help to stdout and runs nothing", async () => {
  const { code, stdout, stderr } = await ended(start("--end", "badly", "--help"));
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(stdout, "program: Ends in the way it is told to");
  assertStringIncludes(stdout, "deno run program.ts --end well");
});

Deno.test("main exits with 2 and names the nearest flag when one is unknown", async () => {
  const { code, stdout, stderr } = await ended(start("--endd", "well"));
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertEquals(stderr, "error: Unknown flag --endd\nhint: Did you mean --end?\n");
});

Deno.test("main prints a UserError with its hint and without a stack trace", async () => {
  const { code, stderr } = await ended(start("--end", "badly"));
  assertEquals(code, 1);
  assertEquals(
    stderr,
    "error: Cannot use pairs.jsonl: line 3 is no record\nhint: Mend line 3\n" +
      "To go on: run the same command again\n",
  );
});

Deno.test("main says the stage and the record of a UserError that came through a pipeline", async () => {
  const { code, stderr } = await ended(start("--end", "stage"));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "error: Stage map(chunk) failed");
  assertStringIncludes(stderr, "book-7");
  assertStringIncludes(stderr, "hint: Leave it out\n");
  assert(!stderr.includes("    at "));
});

Deno.test("main prints missing files and permissions without a stack trace", async () => {
  for (const [end, word] of [["missing", "no_such_file.txt"], ["forbidden", "--allow-write"]]) {
    const { code, stderr } = await ended(start("--end", end));
    assertEquals(code, 1);
    assertMatch(stderr, /^error: /);
    assertStringIncludes(stderr, word);
    assert(!stderr.includes("    at "));
  }
});

Deno.test("main prints any other error with its stack trace and asks for a report", async () => {
  const { code, stderr } = await ended(start("--end", "broken"));
  assertEquals(code, 1);
  assertMatch(stderr, /^error: TypeError: x is not a function\n {4}at .*program\.ts/);
  assertStringIncludes(stderr, "please report it");
});

Deno.test("main stops in order at the first Ctrl-C and says how to go on", signals, async () => {
  const { code, stdout, stderr } = await interrupted("wait", "SIGINT");
  assertEquals({ code, stdout }, { code: 130, stdout: "ready\nsaved\n" });
  assertStringIncludes(stderr, "Ctrl-C again stops at once");
  assertStringIncludes(stderr, "To go on: run the same command again");
  assert(!stderr.includes("error"));
});

Deno.test("main stops in order at SIGTERM with its own exit code", signals, async () => {
  const { code, stdout } = await interrupted("wait", "SIGTERM");
  assertEquals({ code, stdout }, { code: 143, stdout: "ready\nsaved\n" });
});

Deno.test("main stops a pipeline whose source is stuck", signals, async () => {
  const { code, stderr } = await interrupted("flow", "SIGINT");
  assertEquals(code, 130);
  assert(!stderr.includes("error"), stderr);
});

Deno.test("main exits at once at the second Ctrl-C", signals, async () => {
  const { code, stdout } = await interrupted("stuck", "SIGINT", "SIGINT");
  assertEquals({ code, stdout }, { code: 130, stdout: "ready\n" });
});

Deno.test("main exits with 0 when the reader of stdout has enough", signals, async () => {
  const child = start("--end", "print");
  const reader = child.stdout.getReader();
  assertStringIncludes(new TextDecoder().decode((await reader.read()).value), "a line\n");
  await reader.cancel();
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
