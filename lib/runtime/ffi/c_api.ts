/**
 * The functions of onnxruntime's C interface that graphs are run with.
 *
 * The library exports one symbol, which leads to a table of functions. The table only ever grows at its
 * end, so that a function keeps its place for good (`OrtApi` in onnxruntime_c_api.h).
 *
 * @module
 */

/** A pointer that is only handed on; 0 is null. */
export type Handle = bigint;

const GET = ["u64", "buffer"] as const;
const GET_AT = ["u64", "usize", "buffer"] as const;
const GET_NAME = ["u64", "usize", "u64", "buffer"] as const;
const STATUS = "u64";

/** Place in the table, and parameters, of functions that return a status: null, or what went wrong. */
const FUNCTIONS = {
  CreateEnv: [3, ["i32", "buffer", "buffer"]],
  CreateSessionFromArray: [8, ["u64", "buffer", "usize", "u64", "buffer"]],
  Run: [9, ["u64", "u64", "buffer", "buffer", "usize", "buffer", "usize", "buffer"]],
  CreateSessionOptions: [10, ["buffer"]],
  DisableMemPattern: [17, ["u64"]],
  SetSessionLogSeverityLevel: [22, ["u64", "i32"]],
  SetIntraOpNumThreads: [24, ["u64", "i32"]],
  SessionGetInputCount: [30, GET],
  SessionGetOutputCount: [31, GET],
  SessionGetInputTypeInfo: [33, GET_AT],
  SessionGetOutputTypeInfo: [34, GET_AT],
  SessionGetInputName: [36, GET_NAME],
  SessionGetOutputName: [37, GET_NAME],
  CreateRunOptions: [39, ["buffer"]],
  CreateTensorWithDataAsOrtValue: [
    49,
    ["u64", "buffer", "usize", "buffer", "usize", "i32", "buffer"],
  ],
  GetTensorMutableData: [51, GET],
  CastTypeInfoToTensorInfo: [55, GET],
  GetTensorElementType: [60, GET],
  GetDimensionsCount: [61, GET],
  GetDimensions: [62, ["u64", "buffer", "usize"]],
  GetSymbolicDimensions: [63, ["u64", "buffer", "usize"]],
  GetTensorTypeAndShape: [65, GET],
  CreateCpuMemoryInfo: [69, ["i32", "i32", "buffer"]],
  AllocatorFree: [76, ["u64", "u64"]],
  GetAllocatorWithDefaultOptions: [78, ["buffer"]],
  AddSessionConfigEntry: [130, ["u64", "buffer", "buffer"]],
  CreateAndRegisterAllocator: [144, ["u64", "u64", "u64"]],
  CreateArenaCfgV2: [164, ["buffer", "buffer", "usize", "buffer"]],
  RunOptionsEnableProfiling: [415, ["u64", "buffer"]],
} as const;

/** Place of the function that gives a status' text. */
const GET_ERROR_MESSAGE = 2;

/** Places of the functions that free what others made. */
const RELEASES = {
  ReleaseStatus: 93,
  ReleaseMemoryInfo: 94,
  ReleaseSession: 95,
  ReleaseValue: 96,
  ReleaseRunOptions: 97,
  ReleaseTypeInfo: 98,
  ReleaseTensorTypeAndShapeInfo: 99,
  ReleaseSessionOptions: 100,
  ReleaseArenaCfg: 157,
} as const;

type Functions = typeof FUNCTIONS;

/** What is passed for each kind of parameter. */
interface Native {
  u64: Handle;
  usize: number;
  i32: number;
  buffer: ArrayBufferView<ArrayBuffer>;
}
type ArgumentsOf<Parameters extends readonly (keyof Native)[]> = {
  [At in keyof Parameters]: Native[Parameters[At]];
};
type Arguments<Name extends keyof Functions> = ArgumentsOf<Functions[Name][1]>;

/** The two calls that take long. */
const LONG = ["CreateSessionFromArray", "Run"] as const;

/** Calls that throw what their status says, and releases. */
export type CApi =
  & { readonly [Name in keyof Functions]: (...args: Arguments<Name>) => void }
  & { readonly [Name in keyof typeof RELEASES]: (handle: Handle) => void }
  & {
    /** Calls made on a thread of their own. */
    readonly aside: {
      readonly [Name in typeof LONG[number]]: (...args: Arguments<Name>) => Promise<void>;
    };
  };

/** The oldest version that has every function above. */
const API_VERSION = 25;

const POINTER_BYTES = 8;

/** Makes a function of one place in the table. */
type Bind = <const F extends Deno.ForeignFunction>(
  place: number,
  definition: F,
) => (...args: unknown[]) => unknown;

function readTable(path: string): Bind {
  const { symbols } = Deno.dlopen(path, { OrtGetApiBase: { parameters: [], result: "pointer" } });
  const binder = (table: Deno.PointerObject): Bind => {
    const view = new Deno.UnsafePointerView(table);
    return (place, definition) => {
      const address = view.getPointer(place * POINTER_BYTES) as Deno.PointerObject<never>;
      const pointer = new Deno.UnsafeFnPointer(address, definition as Deno.ForeignFunction);
      return (...args) => pointer.call(...args as never[]);
    };
  };
  const getApi = binder(symbols.OrtGetApiBase()!)(0, { parameters: ["u32"], result: "pointer" });
  const table = getApi(API_VERSION) as Deno.PointerValue;
  if (!table) throw new Error(`${path} has no interface of version ${API_VERSION}`);
  return binder(table);
}

/**
 * Opens the library and reads its table.
 *
 * @throws {Error} If there is no such library for this system, or none that can be called.
 */
export function openCApi(path: string): CApi {
  const bind = readTable(path);
  const releases = Object.entries(RELEASES).map(([name, place]) => {
    return [name, bind(place, { parameters: ["u64"], result: "void" })] as const;
  });
  const check = statusCheck(bind);
  const calls = Object.entries(FUNCTIONS).map(([name, [place, parameters]]) => {
    const call = bind(place, { parameters, result: STATUS });
    return [name, (...args: unknown[]) => check(call(...args) as Handle)] as const;
  });
  const aside = LONG.map((name) => {
    const [place, parameters] = FUNCTIONS[name];
    const call = bind(place, { parameters, result: STATUS, nonblocking: true });
    return [name, async (...args: unknown[]) => check(await call(...args) as Handle)] as const;
  });
  const all: unknown = {
    ...Object.fromEntries([...releases, ...calls]),
    aside: Object.fromEntries(aside),
  };
  return all as CApi;
}

/** Makes errors of statuses, and frees them. */
function statusCheck(bind: Bind): (status: Handle) => void {
  const message = bind(GET_ERROR_MESSAGE, { parameters: ["u64"], result: "pointer" });
  const release = bind(RELEASES.ReleaseStatus, { parameters: ["u64"], result: "void" });
  return (status) => {
    if (status === 0n) return;
    const text = textAt(message(status) as Deno.PointerValue);
    release(status);
    throw new Error(text);
  };
}

/** Reads text that C keeps. */
export function textAt(pointer: Deno.PointerValue): string {
  return pointer ? Deno.UnsafePointerView.getCString(pointer) : "";
}

/** What a function writes to its last argument. */
export function made(fill: (out: BigUint64Array<ArrayBuffer>) => void): Handle {
  const out = new BigUint64Array(1);
  fill(out);
  return out[0];
}

/** Text as C reads it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** A path as C reads it: on Windows in units of 16 bits. */
export function cPath(path: string): Uint8Array<ArrayBuffer> {
  if (Deno.build.os !== "windows") return cString(path);
  return new Uint8Array(Uint16Array.from(`${path}\0`, (unit) => unit.charCodeAt(0)).buffer);
}
