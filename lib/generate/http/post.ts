/**
 * One request and its answer.
 *
 * @module
 */

import type { Endpoint } from "./endpoint.ts";
import { refused, RequestError, timedOut, unreachable } from "./request_error.ts";

/** How long an answer is waited for. */
export interface PostOptions {
  /** Ends the request early; the server sees its connection closed. */
  signal: AbortSignal;
  /** Most milliseconds until the whole answer is there. */
  timeout: number;
}

/**
 * Posts JSON and gives the body of the answer.
 *
 * @throws {RequestError} If there is no answer, or one that says an error.
 * @throws The signal's reason, once it is aborted.
 */
export async function post(
  endpoint: Endpoint,
  service: string,
  json: unknown,
  { signal, timeout }: PostOptions,
): Promise<string> {
  const late = new AbortController();
  // Unlike `AbortSignal.timeout`, this timer ends with the request.
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    const response = await fetch(endpoint.at(service), {
      method: "POST",
      headers: endpoint.headers,
      body: JSON.stringify(json),
      signal: AbortSignal.any([signal, late.signal]),
    });
    const body = await response.text();
    if (!response.ok) throw refused(endpoint, response, body);
    return body;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    if (signal.aborted) throw signal.reason;
    if (late.signal.aborted) throw timedOut(endpoint, timeout);
    // What fetch throws beside type errors is a missing permission, which no retry brings.
    throw error instanceof TypeError ? unreachable(endpoint, error) : error;
  } finally {
    clearTimeout(timer);
  }
}
