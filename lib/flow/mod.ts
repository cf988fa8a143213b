export * from "./stage.ts";
export * from "./user_error.ts";
export * from "./random.ts";
