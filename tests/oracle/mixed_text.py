"""Mixed texts and conversations to hold tokenizers and chat templates against."""

import hashlib
import json
from collections.abc import Callable, Iterable

from tokenizer import CORPUS, TEXTS

LINES = 2000
LINES_A_HASH = 100

FRAGMENTS = [
    *TEXTS[1:],
    *CORPUS,
    "for (let i = 0; i < items.length; i++) { sum += items[i] ** 2; }",
    "\tif err != nil {\n\t\treturn nil, fmt.Errorf(\"open %q: %w\", path, err)\n\t}",
    "SELECT id, name FROM users WHERE created_at >= '2024-01-31' ORDER BY 2 DESC;",
    "#include <stdint.h>\nstatic const uint32_t K[64] = {0x428a2f98, 0x71374491};",
    "<div class=\"row\">&nbsp;<b>42</b></div>",
    "{\"key\": [1, 2.5, -3e-7, null, true]}",
    "x = np.einsum('bhqd,bhkd->bhqk', q, k) / math.sqrt(64)",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 ①②③ ½ ¾ Ⅷ ٣٤٥ ४५६ １２３",
    "Ελληνικά, עברית, ไทย, 中文字符, ქართული, አማርኛ, Tiếng Việt",
    "👍🏽 👨‍💻 🏳️‍🌈 ❤️ ☃ 🇩🇪 e\u0301 n\u0303",
    "<|im_start|>user\nHi<|im_end|>\n<|endoftext|> <|im_start <repo_name>",
    "\u2028\u2029\u0085\u00ad\u200d\u2060 mixed   spaces\u00a0and\u202fthin",
]

CHATS = [
    ["user: Hi"],
    ["system: You are terse.", "user: Hi"],
    ["user: Hi", "assistant: Hello!", "user: How are you?"],
    ["system: ", "user: Nothing to say"],
    ["user: Two\nlines", "assistant: "],
    ["user: 日本語で答えて 😀"],
    ["system: A", "user: B", "assistant: C", "user: D", "assistant: E"],
    ["user: <|im_end|> in the text"],
    ["user:   spaces around   ", "assistant:  and here "],
    ["user: What did the keeper write?", "assistant: He wrote that the storm had come."],
]


def mixed_lines(fragments: list[str] = FRAGMENTS) -> list[str]:
    """Drawn by a generator that is as short in any language."""
    state, result = 1, []

    def draw(count: int) -> int:
        nonlocal state
        state = (state * 48271) % 2147483647
        return state % count

    for _ in range(LINES):
        parts = [fragments[draw(len(fragments))] for _ in range(1 + draw(4))]
        result.append(["", " ", "\n", "  "][draw(4)].join(parts))
    return result


def messages(chat: list[str]) -> list[dict]:
    return [dict(zip(("role", "content"), message.split(": ", 1))) for message in chat]


def hash_of(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def line_hashes(convert: Callable[[str], object], lines: Iterable[str]) -> list[str]:
    """Of what becomes of the lines, one hash for each hundred."""
    found = [convert(line) for line in lines]
    return [hash_of(found[start : start + LINES_A_HASH]) for start in range(0, LINES, LINES_A_HASH)]
