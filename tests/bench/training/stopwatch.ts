import process from "node:process";

/** Wall time, and CPU time of all threads, in milliseconds. */
export interface Cost {
  wall: number;
  cpu: number;
}

/** Starts a watch, which says what has passed since. */
export function stopwatch(): () => Cost {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { wall: performance.now() - started, cpu: (user + system) / 1000 };
  };
}
