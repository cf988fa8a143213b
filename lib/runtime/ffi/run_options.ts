import type { RunProbe } from "../run_probe.ts";
import { type CApi, cPath, type Handle, made } from "./c_api.ts";

/** The library's defaults. */
const NONE: Handle = 0n;

/** How one run goes: by the library's defaults, or with its operators written down. */
export class RunOptions implements Disposable {
  readonly #api: CApi;
  readonly #probe?: RunProbe;
  readonly handle: Handle = NONE;

  /** @param probe Where a look into the run is wanted. */
  constructor(api: CApi, probe?: RunProbe) {
    this.#api = api;
    this.#probe = probe;
    if (!probe) return;
    this.handle = made((out) => api.CreateRunOptions(out));
    api.RunOptionsEnableProfiling(this.handle, cPath(probe.prefix));
  }

  /** Says that the run starts now. */
  begin(): void {
    this.#probe?.begin();
  }

  /** Frees them; the run is over. */
  [Symbol.dispose](): void {
    if (this.handle !== NONE) this.#api.ReleaseRunOptions(this.handle);
  }
}
