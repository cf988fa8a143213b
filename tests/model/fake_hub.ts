import { createHash } from "node:crypto";

/** A repository of the hub. */
export interface Repository {
  commit: string;
  files: Record<string, Uint8Array>;
  /** Who may read its files, by token; all where it is absent. */
  readers?: string[];
  /** Whether who may not read is told that it exists. */
  gated?: boolean;
}

/** What was asked of the hub, or of the servers that its large files are on. */
export interface SeenRequest {
  path: string;
  range: string | null;
  token: string | null;
  large: boolean;
}

const isLarge = (path: string) => /\.(safetensors|gguf)$/.test(path);

function hashOf(path: string, bytes: Uint8Array): string {
  if (isLarge(path)) return createHash("sha256").update(bytes).digest("hex");
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error: message }, {
    status,
    headers: { "X-Error-Code": code, "X-Error-Message": message },
  });
}

/**
 * Answers as the Hugging Face hub does: branches and commits, lists of files, large files by way of a
 * redirection to another server, parts of files, gated and private repositories, error codes.
 */
export class FakeHub implements AsyncDisposable {
  readonly repositories: Record<string, Repository> = {};
  readonly seen: SeenRequest[] = [];
  /** Breaks the connection after this many bytes of a large file. */
  breakAfter = Infinity;
  /** Answers with this status alone. */
  fails?: number;
  /** Sends large files with a byte that is wrong. */
  damages = false;
  /** Sends whole files where parts are asked for. */
  ignoresRanges = false;
  readonly #hub: Deno.HttpServer<Deno.NetAddr>;
  readonly #store: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#hub = Deno.serve(options, (request) => this.#answer(request));
    this.#store = Deno.serve(options, (request) => this.#largeFile(request));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#hub.addr.port}`;
  }

  /** Paths of the files whose bytes were sent. */
  get downloads(): string[] {
    return this.seen.filter(({ path, large }) => large || path.includes("/resolve/"))
      .filter(({ path, large }) => large || !isLarge(path))
      .map(({ path }) => path.split("/").at(-1)!);
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const path = decodeURIComponent(pathname);
    const token = request.headers.get("Authorization")?.replace("Bearer ", "") ?? null;
    this.seen.push({ path, range: request.headers.get("Range"), token, large: false });
    if (this.fails) return new Response("out of order", { status: this.fails });
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(path);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    const id = (api ?? file)?.[1] ?? "";
    const repository = this.repositories[id];
    const mayRead = !repository?.readers || (token && repository.readers.includes(token));
    if (!repository || (!mayRead && !repository.gated)) {
      const message = token ? "Repository not found" : "Invalid username or password.";
      return refusal(token ? 404 : 401, "RepoNotFound", message);
    }
    const revision = (api ?? file)?.[api ? 3 : 2] ?? "";
    if (!["main", "v1/beta", repository.commit].includes(revision)) {
      return refusal(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    }
    if (api) return this.#describe(id, repository, api[2]);
    if (!mayRead) {
      return refusal(token ? 403 : 401, "GatedRepo", `Access to model ${id} is restricted`);
    }
    return this.#file(request, id, repository, file![3]);
  }

  #describe(id: string, { commit, files, gated = false }: Repository, what: string): Response {
    if (what === "revision") {
      return Response.json({ _id: "1", id, sha: commit, gated, lastModified: "2024-01-01" });
    }
    const entries = Object.entries(files).map(([path, bytes]) => ({
      type: "file",
      path,
      size: bytes.length,
      oid: hashOf(isLarge(path) ? "pointer" : path, bytes),
      ...(isLarge(path) && {
        lfs: { oid: hashOf(path, bytes), size: bytes.length, pointerSize: 130 },
      }),
    }));
    return Response.json([{ type: "directory", path: "onnx", size: 0, oid: "0" }, ...entries]);
  }

  #file(request: Request, id: string, { files }: Repository, path: string): Response {
    const bytes = files[path];
    if (!bytes) return refusal(404, "EntryNotFound", "Entry not found");
    if (!isLarge(path)) return part(request, bytes, hashOf(path, bytes));
    const location = `http://127.0.0.1:${this.#store.addr.port}/${id}/${path}`;
    return new Response(null, { status: 302, headers: { Location: location } });
  }

  #largeFile(request: Request): Response {
    const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
    const [organisation, name, ...file] = path.split("/");
    const range = request.headers.get("Range");
    const token = request.headers.get("Authorization");
    this.seen.push({ path, range, token, large: true });
    const bytes = this.repositories[`${organisation}/${name}`].files[file.join("/")].slice();
    if (this.damages) bytes[bytes.length >> 1] ^= 1;
    const asked = this.ignoresRanges ? new Request(request.url) : request;
    return breaking(part(asked, bytes, hashOf(path, bytes)), this.breakAfter);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.shutdown(), this.#store.shutdown()]);
  }
}

/** All of a file, or what is asked for of it. */
function part(request: Request, bytes: Uint8Array, hash: string): Response {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.get("Range") ?? "")?.[1] ?? -1);
  const headers = { ETag: `"${hash}"`, "Accept-Ranges": "bytes" };
  if (from < 0) {
    return new Response(bytes.slice(), { headers: { ...headers, "X-Length": `${bytes.length}` } });
  }
  if (from >= bytes.length) return new Response(null, { status: 416 });
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  return new Response(bytes.slice(from), {
    status: 206,
    headers: { ...headers, "Content-Range": range, "X-Length": `${bytes.length - from}` },
  });
}

/** An answer whose connection breaks on the way. */
function breaking(response: Response, after: number): Response {
  if (after === Infinity) return response;
  let sent = 0;
  const breaks = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      const rest = after - sent;
      sent += chunk.length;
      if (rest > 0) controller.enqueue(chunk.subarray(0, rest));
      if (sent <= after) return;
      // What was sent must be on its way before the connection is gone.
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.terminate();
    },
  });
  const headers = new Headers(response.headers);
  // More bytes are promised than come.
  headers.set("Content-Length", headers.get("X-Length")!);
  return new Response(response.body!.pipeThrough(breaks), { status: response.status, headers });
}
