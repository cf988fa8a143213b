/**
 * Graphs as ONNX files.
 *
 * @module
 */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import {
  type Attribute,
  type ConstantData,
  type DataType,
  type FloatAttribute,
  Graph,
  type Value,
} from "./graph.ts";
import { lower, prune } from "./rewrite.ts";
import { useTwins } from "./twins.ts";

const OPSET = 21n;
const IR_VERSION = 10n;

/** Versions of the sets of operators that are used, by their name; ONNX's own has none. */
const OPSETS = { "": OPSET, "com.microsoft": 1n } as const;

/** Operators out of another set than ONNX's own. */
const DOMAINS: Readonly<Record<string, keyof typeof OPSETS>> = { RotaryEmbedding: "com.microsoft" };

const ELEMENT_TYPES: Record<DataType, number> = {
  float32: TensorProto_DataType.FLOAT,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
};

function tensor(value: Value, data: ConstantData): TensorProto {
  return create(TensorProtoSchema, {
    name: value.name,
    dataType: ELEMENT_TYPES[value.type],
    dims: value.shape.map((dim) => BigInt(dim)),
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

function valueInfo({ name, type, shape }: Value): ValueInfoProto {
  const dim = shape.map((length) => ({
    value: typeof length === "number"
      ? { case: "dimValue" as const, value: BigInt(length) }
      : { case: "dimParam" as const, value: length },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: "tensorType", value: { elemType: ELEMENT_TYPES[type], shape: { dim } } },
    },
  });
}

function attribute(name: string, value: Attribute | FloatAttribute): AttributeProto {
  const made = (fields: MessageInitShape<typeof AttributeProtoSchema>) =>
    create(AttributeProtoSchema, { ...fields, name });
  if (value instanceof Graph) return made({ type: Kind.GRAPH, g: graphProto(value) });
  if (typeof value === "string") {
    return made({ type: Kind.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === "number") {
    return Number.isInteger(value)
      ? made({ type: Kind.INT, i: BigInt(value) })
      : made({ type: Kind.FLOAT, f: value });
  }
  if ("float" in value) return made({ type: Kind.FLOAT, f: value.float });
  return made({ type: Kind.INTS, ints: value.map(BigInt) });
}

function graphProto(g: Graph): GraphProto {
  return create(GraphProtoSchema, {
    name: g.name,
    input: g.inputs.map(valueInfo),
    output: g.outputs.map(valueInfo),
    initializer: [...g.constants].map(([value, data]) => tensor(value, data)),
    node: g.nodes.map(({ op, inputs, outputs, attributes }) =>
      create(NodeProtoSchema, {
        name: outputs[0].name,
        opType: op,
        domain: DOMAINS[op] ?? "",
        input: inputs.map((input) => input?.name ?? ""),
        output: outputs.map((output) => output.name),
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      })
    ),
  });
}

/**
 * The bytes of an ONNX model: what no output needs is dropped, composites are expanded.
 *
 * The graph is finished by this and should not be built on afterwards.
 */
export function modelBytes(g: Graph): Uint8Array<ArrayBuffer> {
  prune(g);
  useTwins(g);
  lower(g);
  // Of what a composite is expanded into, not all may be read.
  prune(g);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "longpo",
    opsetImport: Object.entries(OPSETS).map(([domain, version]) => ({ domain, version })),
    graph: graphProto(g),
  });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}
