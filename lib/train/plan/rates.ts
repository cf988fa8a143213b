/**
 * How fast a machine is at what a training step does.
 *
 * @module
 */

import { UserError } from "../../flow/user_error.ts";
import type { Device } from "../../runtime/mod.ts";
import { operations, type StepWork } from "./work.ts";

/** Rates of a machine, each with what lies between the products. */
export interface Rates {
  /** Operations of products with the layers' matrices a second. */
  operations: number;
  /** Operations of attention's products a second. */
  attention: number;
  /** Operations of products with the head's matrix a second. */
  head: number;
  /** Numbers updated a second, with moments in memory. */
  updates: number;
  /** Bytes a second to a device and back. @default {8e9} */
  link?: number;
}

/** Orders of magnitude, for plans on machines that were not measured. */
export const DEFAULT_RATES: Readonly<Record<Device, Rates>> = {
  cpu: { operations: 2e11, attention: 1e11, head: 2e11, updates: 3e8 },
  webgpu: { operations: 2e12, attention: 1e12, head: 2e12, updates: 3e9 },
  cuda: { operations: 1e13, attention: 5e12, head: 1e13, updates: 1e10 },
};

/** Half of what 16 lanes of PCI Express 3 carry. */
const LINK = 8e9;

/**
 * Seconds that work takes: layers, attention, head, updates and what goes to a device and back, one
 * after another.
 *
 * @param transfer Bytes to a device and back; none on the CPU.
 */
export function secondsFor(work: StepWork, rates: Rates, transfer = 0): number {
  return (operations(work) - work.attention - work.head) / rates.operations +
    work.attention / rates.attention + work.head / rates.head + work.updates / rates.updates +
    transfer / (rates.link ?? LINK);
}

/**
 * Rates out of parsed JSON.
 *
 * @throws {UserError} If they are none.
 */
export function parseRates(value: unknown, path: string): Rates {
  const given = (value ?? {}) as Partial<Rates>;
  const { operations = 0, attention = 0, head = 0, updates = 0, link } = given;
  const rates: Rates = {
    operations,
    attention,
    head,
    updates,
    ...(link !== undefined && { link }),
  };
  const wrong = Object.entries(rates).find(([, rate]) => !(rate > 0 && Number.isFinite(rate)));
  if (!wrong) return rates;
  throw new UserError(`${path} holds no rates: "${wrong[0]}" must be a positive number`, {
    hint: "Have them measured: pipelines/plan.ts --calibrate",
  });
}
