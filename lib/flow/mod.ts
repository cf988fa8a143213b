export * from "./stage.ts";
