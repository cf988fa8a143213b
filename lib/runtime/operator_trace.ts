/**
 * What the runtime tells of the operators in one run of a graph.
 *
 * @module
 */

/** One call of an operator; times are in microseconds, which the runtime gives whole. */
export interface OperatorCall {
  /** Its type, after the types of those whose bodies it is in, such as `Loop/MatMul`. */
  readonly operator: string;
  /** The node's name in the graph as the runtime has optimised it. */
  readonly node: string;
  /** From the run's start to its own. */
  readonly start: number;
  /** From its start to its end. */
  readonly took: number;
  /** What it took without the operators in its body. */
  readonly own: number;
  /** Bytes of its outputs. */
  readonly bytesOut: number;
  /** Shapes of its inputs, such as `2048x576, 576x1536`. */
  readonly inputs: string;
  /** Shapes of its outputs. */
  readonly outputs: string;
}

/** A run, operator by operator. */
export interface OperatorTrace {
  /** Microseconds of the whole run. */
  readonly took: number;
  /** Every call, in the order of their starts. */
  readonly calls: readonly OperatorCall[];
}

/** Shapes as the runtime writes them: each under the name of its element type. */
type Shapes = readonly Readonly<Record<string, readonly number[]>>[];

/** What is read of an event in the runtime's file. */
interface RuntimeEvent {
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly output_size?: string;
    readonly input_type_shape?: Shapes;
    readonly output_type_shape?: Shapes;
  };
}

const WHOLE_RUN = "model_run";
const NODE_ENDING = /_kernel_time$/;

/**
 * Reads the file that the runtime writes of a run. Events have no parents in it: what is in a loop's body
 * is what happened while the loop went on.
 */
export function readOperatorTrace(text: string): OperatorTrace {
  const events = JSON.parse(text) as RuntimeEvent[];
  const nodes = events.filter(({ args }) => args.op_name !== undefined)
    .toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
  const calls: { -readonly [Key in keyof OperatorCall]: OperatorCall[Key] }[] = [];
  const around: typeof calls = [];
  for (const { name, ts, dur, args } of nodes) {
    while (around.length > 0 && endOf(around[around.length - 1]) <= ts) around.pop();
    const parent = around[around.length - 1];
    if (parent) parent.own -= dur;
    const call = {
      operator: parent ? `${parent.operator}/${args.op_name}` : args.op_name!,
      node: name.replace(NODE_ENDING, ""),
      start: ts,
      took: dur,
      own: dur,
      bytesOut: Number(args.output_size ?? 0),
      inputs: shapesText(args.input_type_shape),
      outputs: shapesText(args.output_type_shape),
    };
    calls.push(call);
    around.push(call);
  }
  return { took: events.find(({ name }) => name === WHOLE_RUN)!.dur, calls };
}

function endOf({ start, took }: OperatorCall): number {
  return start + took;
}

function shapesText(shapes: Shapes = []): string {
  return shapes.map((shape) => Object.values(shape)[0]?.join("x") || "scalar").join(", ");
}
