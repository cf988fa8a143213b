import process from "node:process";

/**
 * Bytes that this process has had in memory at most.
 *
 * Linux counts that for the program alone; what `getrusage` gives may be of the process that
 * started it.
 */
export function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))!;
    return 1024 * Number(kilobytes);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}
