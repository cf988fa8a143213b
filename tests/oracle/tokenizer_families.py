"""What transformers makes of texts and conversations with real tokenizers, for
tests/model/tokenizer_families_test.ts.

    python tests/oracle/tokenizer_families.py FOLDERS [tests/golden]

FOLDERS is what tokenizer_folders.py laid out. Tokenizers are read with the class that takes tokenizer.json
as it is: where a config names LlamaTokenizer, AutoTokenizer of transformers 5 puts a pre-tokenizer of its
own in place of the file's (but not for Phi-3), and then splits what follows a special token otherwise than
transformers 4, and SentencePiece, do. Templates find the fixed date that ours do. Needs transformers (made with 5.23.0).
"""

import hashlib
import sys
from datetime import datetime
from pathlib import Path

from jinja2 import TemplateError
from transformers import TokenizersBackend
from transformers.utils import chat_template_utils

from mixed_text import CHATS, FRAGMENTS, line_hashes, messages, mixed_lines
from readable_json import readable_json

HARD = [
    "",
    " ",
    "   ",
    "\n",
    " \n \n",
    "\t\t x",
    "\r\n\r\n",
    "a\u0085b\u2028c\v\fd",
    "\ufeffmark \ufeff",
    "end with spaces   ",
    "        return x\n\n\n\n    }\n",
    "x" + " " * 61 + "y",
    "=" * 70,
    "-" * 33 + "\n" + "#" * 17,
    "1234567890 12,345.678 0x1F 1e-9 ٣٤٥٦ ४५६ １２３４ Ⅷ½",
    "I'LL we'RE 'S 'ſ \u212aelvin don’t",
    "ÅÅA\u030a ﬁ e\u0301\u0323 e\u0323\u0301 \u1112\u1161\u11ab 한",
    "क्षत्रिय สวัสดีครับ ភាសាខ្មែរ བོད་སྐད မြန်မာ",
    "العَرَبِيَّة \u202bעברית\u202c فارسی‌ها",
    "𠀀𠮷 𝄞 \U000e0001 \U0010ffff \ue000",
    "👩🏽‍🚀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇺🇳",
    "\x00\x01\x7f null",
    "AAAAaaaaBBBBbbbb iPhone HTMLParser_v2 ñandÚ ǅ ʰ",
    "path/to\\file.txt?x=1&y=%20#frag @user $HOME `code` ~/.bashrc",
    "a\u00a0b\u2009c\u3000d\u200be\u2060f",
    "▁a ▁ b▁▁c",
    "<0x0A> <0xE2><0x96> Ġword Ċ",
    "<s> </s> <unk> <pad>",
    "<s>a</s>  b </s>\n<unk>c",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|end_of_text|>",
    "[INST] Hi [/INST] there</s>[INST]on[/INST][TOOL_CALLS]",
    "<|user|>\n Hi<|end|>\n\n<|assistant|>  \n x <|endoftext|> y",
    "<|im_start|>user\nHi<|im_end|>\n<think>\n\n</think>\n\n<tool_call>",
    "<bos><start_of_turn>user\nHi<end_of_turn>\n<eos><image_soft_token>\n\n\n\t\t<table>",
    "<|reserved_special_token_0|><SPECIAL_20><unused1>",
    "<|IM_START|> <| user |> [ INST ] </ s> <s",
    "let f = |x| -> i32 { x<<2 }; // 注释 🦀",
    "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β = ¬(¬α ∨ β)",
    "<!DOCTYPE html>\n<html>\n\t<body class='a b'>&amp;\u00ad</body>\n</html>",
    "QmFzZTY0IGlzIG5vdCBlbmNyeXB0aW9uLCBpdCBpcyBhbiBlbmNvZGluZw==",
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
    "supercalifragilisticexpialidocious" * 3,
    "z̷̛͚a̶̢͘l̴̨͝g̸̡͝o̵̧͝",
    "Hello , world . It 's n't a 'm ! ?",
]

SPECIAL_CHATS = [
    ["user: [INST] <|eot_id|></s> <|end|>\n<end_of_turn>", "assistant: <think>\nHm\n</think>\n\nYes", "user: ok"],
    ["assistant: I speak first", "user: Hi"],
    ["user: Hi", "user: twice"],
    ["system: Be kind.", "user: One", "assistant: 1", "user: Two"],
    ["user: \ufeff\u0085 marks \x1c", "assistant: \ufeffand\u0085 \n"],
    ["system: Be kind.", "user: Def f():\n    pass  ", "assistant: \n\n```py\nx\n```\n"],
]


class FixedDate(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, tzinfo=tz)


def rendered(tokenizer: TokenizersBackend, chat: list[dict], generation: bool) -> str | None:
    """None where the template refuses the conversation."""
    try:
        return tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=generation)
    except TemplateError:
        return None


def family(folder: Path, chats: list[list[dict]], lines: list[str]) -> dict:
    tokenizer = TokenizersBackend.from_pretrained(folder)

    def encode(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    def decode(text: str) -> list[str]:
        return [tokenizer.decode(encode(text), skip_special_tokens=skip) for skip in (False, True)]

    print(folder.name, flush=True)
    prompts = [rendered(tokenizer, chat, True) for chat in chats]
    return {
        "tokenizer": hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest(),
        "ids": [encode(text) for text in HARD],
        "decoded": [decode(text) for text in HARD],
        "lineHashes": line_hashes(encode, lines),
        "decodedHashes": line_hashes(decode, lines),
        "rendered": [rendered(tokenizer, chat, False) for chat in chats],
        "prompts": prompts,
        "promptIds": [None if prompt is None else encode(prompt) for prompt in prompts],
    }


def main(folders: Path, golden: Path) -> None:
    chat_template_utils.datetime = FixedDate
    fragments = [*FRAGMENTS, *HARD[1:]]
    chats = [messages(chat) for chat in [*CHATS, *SPECIAL_CHATS]]
    lines = mixed_lines(fragments)
    names = sorted(folder.name for folder in folders.iterdir())
    (golden / "tokenizer" / "families.json").write_text(readable_json({
        "fragments": fragments,
        "texts": HARD,
        "chats": chats,
        "families": {name: family(folders / name, chats, lines) for name in names},
    }))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "tests/golden"))
