/**
 * What goes wrong between here and a server, in words for a person.
 *
 * @module
 */

import { UserError, type UserErrorOptions } from "../../flow/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import { retryAfter } from "./retry_after.ts";

/** What is known of a request that failed. */
export interface RequestErrorOptions extends UserErrorOptions {
  /** The HTTP status, where the server answered. */
  status?: number;
  /** All that the server said. */
  body?: string;
  /** Milliseconds after which the server wants to be asked again. */
  retryAfter?: number;
  /** Whether the same request may work later. @default {false} */
  mayPass?: boolean;
  /** Whether the server answered, but with nothing that can be used. @default {false} */
  isBadAnswer?: boolean;
}

/** A request that failed. */
export class RequestError extends UserError {
  /** The HTTP status, where the server answered. */
  readonly status?: number;
  /** All that the server said. */
  readonly body: string;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfter?: number;
  /** Whether the same request may work later. */
  readonly mayPass: boolean;
  /** Whether the server answered, but with nothing that can be used. */
  readonly isBadAnswer: boolean;

  /** Makes the error from what a person is to read and what the program has to know. */
  constructor(message: string, options: RequestErrorOptions) {
    super(message, options);
    this.status = options.status;
    this.body = options.body ?? "";
    this.retryAfter = options.retryAfter;
    this.mayPass = options.mayPass ?? false;
    this.isBadAnswer = options.isBadAnswer ?? false;
  }

  /** Whether the server does not know a field of the request. */
  refuses(field: string): boolean {
    return [400, 422, 501].includes(this.status ?? 0) && this.body.includes(field);
  }
}

/** Time-outs, conflicts, too many requests, and all that is the server's own trouble. */
const passing = (status: number): boolean => [408, 409, 429].includes(status) || status >= 500;

const LONGEST_QUOTE = 300;

/** What a person needs of a body: the message in its JSON, else its first line. */
export function gist(body: string): string {
  const line = (messageIn(body) ?? body).trim().split("\n", 1)[0].trim();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

/** `{"error": {"message"}}` as OpenAI has it, `{"error"}`, `{"message"}` or `{"detail"}` as others do. */
function messageIn(body: string): string | undefined {
  try {
    const { error, message, detail } = JSON.parse(body);
    return [error?.message, error, message, detail].find((said) => typeof said === "string");
  } catch {
    return undefined;
  }
}

/** The server could not be reached, or hung up. */
export function unreachable({ shown }: Endpoint, error: Error): RequestError {
  const { message } = error.cause instanceof Error ? error.cause : error;
  const why = message.replace(/^error sending request.*?\): /, "");
  return new RequestError(`Cannot reach ${shown}: ${gist(why)}`, {
    hint: "Is the server running, and is its address right?",
    // Ports of other protocols are closed to fetch for ever.
    mayPass: !message.endsWith("are blocked"),
    cause: error,
  });
}

/** The server took too long. */
export function timedOut({ shown }: Endpoint, timeout: number): RequestError {
  return new RequestError(`${shown} gave no answer within ${timeout / 1000} s`, {
    hint: "Ask for fewer tokens or send fewer requests at a time, or allow more time",
    mayPass: true,
  });
}

/** The server answered with an error. */
export function refused(endpoint: Endpoint, response: Response, body: string): RequestError {
  const { status, statusText, headers } = response;
  const said = gist(body);
  const title = `${endpoint.shown} answered ${status} ${statusText}`.trim();
  return new RequestError(said === "" ? title : `${title}: ${said}`, {
    status,
    body,
    retryAfter: retryAfter(headers.get("retry-after")),
    mayPass: passing(status),
    hint: hintFor(status, said, endpoint),
  });
}

function hintFor(status: number, said: string, { hasKey }: Endpoint): string | undefined {
  if (status === 401 || status === 403) {
    return hasKey
      ? "The server does not take this key: is it the right one?"
      : "The server wants a key: set OPENAI_API_KEY, and allow it to be read (--allow-env)";
  }
  if (status === 413 || (status === 400 && /context|too long|max_model_len/i.test(said))) {
    return "Serve the model with a longer context, or cut documents shorter";
  }
  if (status === 429) return "Send fewer requests at a time";
  if (status >= 500) return "The server's own log says more";
  return undefined;
}

/** The server wants to be left alone for longer than anybody waits. */
export function putOff({ shown }: Endpoint, error: RequestError, most: number): RequestError {
  const seconds = Math.ceil(error.retryAfter! / 1000);
  return new RequestError(
    `${error.message}. ${shown} asks to come back in ${seconds} s, and ${most / 1000} s is the ` +
      "longest wait",
    { status: error.status, body: error.body, hint: error.hint, cause: error },
  );
}

/** The server answered, but with no chat completion. */
export function badAnswer({ shown }: Endpoint, problem: string, body: string): RequestError {
  const said = gist(body);
  const quote = said === "" ? "nothing" : said;
  return new RequestError(`${shown} gave no chat completion, as ${problem}: ${quote}`, {
    hint: "Is it the address of an OpenAI-compatible interface? It usually ends in /v1",
    body,
    mayPass: true,
    isBadAnswer: true,
  });
}
