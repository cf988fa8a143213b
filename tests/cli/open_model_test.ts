import { assertEquals } from "@std/assert";
import { Screen } from "../../lib/cli/screen.ts";
import { openModel, showDownload } from "../../lib/cli/mod.ts";

const EXAMPLE = new URL("../../examples/model", import.meta.url).pathname;

function recorded(): { lines: string[]; screen: Screen } {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(...text.split("\n").filter((line) => line));
  return {
    lines,
    screen: new Screen({ write, interactive: false, color: false, columns: () => 80 }),
  };
}

Deno.test("showDownload counts megabytes and names the file", () => {
  const { lines, screen } = recorded();
  let clock = 0;
  {
    using download = showDownload({ screen, now: () => clock });
    for (const bytes of [0, 2_600_000, 7_400_000, 9_000_001]) {
      clock += 6000;
      download.tell({ file: "model.safetensors", bytes, totalBytes: 9_000_001 });
    }
  }
  const counts = lines.map((line) => /download, MB: (\d+\/\d+)/.exec(line)?.[1]);
  assertEquals(counts.at(-1), "10/10");
  assertEquals(counts.includes("2/10"), true);
  assertEquals(lines.every((line) => line.endsWith("model.safetensors")), true);
});

Deno.test("showDownload shows nothing where nothing is downloaded", () => {
  const { lines, screen } = recorded();
  showDownload({ screen })[Symbol.dispose]();
  assertEquals(lines, []);
});

Deno.test("openModel loads a folder", async () => {
  assertEquals((await openModel(EXAMPLE)).name, "model");
});
