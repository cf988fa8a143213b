import { named, type StageContext, UserError } from "../flow/mod.ts";
import { type DocumentFile, documentFiles } from "./document_files.ts";
import { type DocumentFields, documentOfLine } from "./document_line.ts";
import { jsonRecords } from "./json_records.ts";
import type { DocumentRecord } from "./record.ts";

/** Options of {@linkcode documents}. */
export interface DocumentsOptions {
  /**
   * Text files (`.txt`, `.text`, `.md`, `.markdown`, `.rst`, `.tex`), JSONL files (`.jsonl`,
   * `.ndjson`) and folders of them; `-` is JSONL on stdin.
   */
  paths: readonly string[];
  /** Names of the fields of JSONL lines. */
  fields?: DocumentFields;
  /** What `-` reads. @default {Deno.stdin.readable} */
  stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
}

type Reader = (
  file: DocumentFile,
  options: DocumentsOptions,
  context: StageContext,
) => AsyncIterable<DocumentRecord>;

/** Readers by extension. */
const readers: Readonly<Record<string, Reader>> = {
  txt: readText,
  text: readText,
  md: readText,
  markdown: readText,
  rst: readText,
  tex: readText,
  jsonl: readJsonLines,
  ndjson: readJsonLines,
};

/**
 * A source of documents from files, folders and stdin, in the order given; folders are sorted.
 *
 * Ids are unique in a run: of two equal ids, the second becomes its file (and line). Empty
 * documents, files that are no text, and lines that are no document are dropped with a reason.
 *
 * @throws {UserError} While it runs, if there is no such file, or none that it can read.
 *
 * @example Read a folder and stdin
 * ```ts
 * import { documents } from "@longpo/longpo/data";
 *
 * const source = documents({ paths: ["books/", "-"], fields: { text: "content" } });
 * console.log(source.name); // documents
 * ```
 */
export function documents(
  options: DocumentsOptions,
): (context: StageContext) => AsyncIterable<DocumentRecord> {
  return named("documents", async function* documents(context) {
    const taken = new Set<string>();
    for await (const document of readAll(options, context)) {
      if (document.text.trim() === "") {
        context.log.warn(`${document.source} is empty`);
        context.meter.drop("empty document", document);
        continue;
      }
      const id = taken.has(document.id) ? document.source : document.id;
      if (taken.has(id)) {
        context.meter.drop("document read before", document);
        continue;
      }
      if (id !== document.id) context.meter.count("ids replaced");
      taken.add(id);
      yield { ...document, id };
    }
  }, { paths: options.paths.join(" ") });
}

async function* readAll(
  options: DocumentsOptions,
  context: StageContext,
): AsyncGenerator<DocumentRecord> {
  for (const path of options.paths) {
    if (path === "-") {
      yield* documentsOfLines(options.stdin ?? "-", "stdin", "stdin", options, context);
      continue;
    }
    for await (const file of documentFiles(path, (name) => readerOf(name) !== undefined)) {
      const read = readerOf(file.name);
      if (read === undefined) {
        throw new UserError(`Cannot read documents from ${path}: it is no text or JSONL file`, {
          hint: `Files end in ${
            Object.keys(readers).map((extension) => `.${extension}`).join(" ")
          }`,
        });
      }
      context.signal.throwIfAborted();
      yield* read(file, options, context);
    }
  }
}

function readerOf(name: string): Reader | undefined {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(readers, extension) ? readers[extension] : undefined;
}

async function* readText(
  { path, name }: DocumentFile,
  _options: DocumentsOptions,
  { signal, log, meter }: StageContext,
): AsyncGenerator<DocumentRecord> {
  const bytes = await Deno.readFile(path, { signal });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    log.warn(`${path} is not UTF-8 text`);
    meter.drop("not UTF-8 text", { source: path });
    return;
  }
  yield { id: name, source: path, text };
}

async function* readJsonLines(
  { path, name }: DocumentFile,
  options: DocumentsOptions,
  context: StageContext,
): AsyncGenerator<DocumentRecord> {
  yield* documentsOfLines(path, path, name, options, context);
}

async function* documentsOfLines(
  input: string | ReadableStream<Uint8Array<ArrayBuffer>>,
  path: string,
  name: string,
  { fields }: DocumentsOptions,
  context: StageContext,
): AsyncGenerator<DocumentRecord> {
  yield* jsonRecords(
    input,
    path,
    (value, { source, line }) =>
      documentOfLine(value, { source, fallbackId: `${name}:${line}` }, fields),
    context,
  );
}
