/**
 * Changes a value in JSON text and leaves every other byte alone.
 *
 * @module
 */

/** Values of a key anywhere in a parsed JSON value. */
function* valuesOf(json: unknown, key: string): Generator<unknown> {
  if (typeof json !== "object" || json === null) return;
  for (const [name, value] of Object.entries(json)) {
    if (name === key && !Array.isArray(json)) yield value;
    yield* valuesOf(value, key);
  }
}

/**
 * Gives a key the value `value`, spelt as `literal`.
 *
 * Every occurrence of the key with a plain value is changed, also in inner objects; a key that
 * occurs nowhere is put first in the outermost object. If the key has the value already, `text`
 * is returned as it is.
 *
 * @param text JSON of an object.
 * @param literal `value` as JSON, where its spelling matters: `1.0` for the number 1.
 */
export function patchJson(
  text: string,
  key: string,
  value: string | number,
  literal: string,
): string {
  const found = [...valuesOf(JSON.parse(text), key)];
  if (found.length > 0 && found.every((other) => other === value)) return text;
  if (found.length === 0) {
    const isEmpty = /^\s*\{\s*\}/.test(text);
    return text.replace("{", () => `{\n  "${key}": ${literal}${isEmpty ? "\n" : ","}`);
  }
  const plain = `"(?:[^"\\\\]|\\\\.)*"|[-+.\\w]+`;
  const entry = new RegExp(`("${key}"\\s*:\\s*)(?:${plain})`, "g");
  return text.replace(entry, (_, before: string) => before + literal);
}
