"""What Hugging Face Transformers makes of some texts: golden ids for tests/model/tokenizer_test.ts.

    python tests/oracle/tokenizer.py [MODEL_FOLDER ...]

Trains four small tokenizers, one a family, and writes each with its golden ids to
tests/golden/tokenizer/NAME.json. Of a MODEL_FOLDER only the ids are written, under the folder's name.
Needs transformers and tokenizers (made with 5.23.0 and 0.23.3).
"""

import json
import pathlib
import sys
import tempfile

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "tokenizer"

CORPUS = [
    "The old lighthouse keeper wrote down every ship that passed, its name and its flag.",
    "Once upon a time there was a little girl who loved to count the stars above the harbour.",
    "A long document is read from its beginning to its end; a short one is read at once.",
    "What did the keeper write? He wrote that the storm had come from the north in the night.",
    "def count(words):\n    return len(words)\n\nfor word in words:\n    print(word, count(word))",
    "In 1847 the harbour had 312 ships, 45 boats and 7 lighthouses, they're told; it's gone.",
    "Der Leuchtturmwärter schrieb über jedes Schiff. Le gardien écrivait à propos du phare.",
    "user\nassistant\nsystem\n\nThe answer is: yes. The question is: why?\n",
]

TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n\n",
    "a",
    " a",
    "a ",
    "The",
    " The",
    "The keeper wrote down every ship.",
    " leading space",
    "trailing space ",
    "two  spaces   three    four",
    "tab\tseparated\tvalues",
    "line one\nline two\n\nline four",
    "windows\r\nline ends\r\n",
    "it's they're we'll I'd you've I'm don't",
    "IT'S THEY'RE WE'LL",
    "1 22 333 4444 55555 1234567",
    "3.14159, 1e-6; 50%",
    "def f(x):\n    return x ** 2\n",
    "    indented\n        twice",
    "hello...world!!! (really?) [yes] {no}",
    "https://example.org/path?query=1&other=two#part",
    "naïve café über Straße",
    "cafe\u0301 decomposed",
    "\u00a0non-breaking\u00a0spaces\u00a0",
    "\u3000ideographic space",
    "日本語のテキスト",
    "中文文本,混合 English",
    "한국어 텍스트",
    "Привет, мир",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "emoji 😀 and 👩‍👩‍👧 family",
    "flags 🇫🇷🇯🇵",
    "zero\u200bwidth",
    "control \x00 \x07 \x1b characters",
    "mathematics: ∑ x² ≤ ∞",
    "“quotes” and ‘single’ — dash – en…",
    "ﬁ ligature and Å angstrom",
    "a" * 40,
    "ab" * 30 + " " + "ba" * 30,
    "snake_case camelCase PascalCase SCREAMING_CASE kebab-case",
    "<s>text</s>",
    "text</s> and more <s>text",
    "</s></s>",
    "not a special <token> and < s >",
    "▁already marked▁",
    "What did the keeper write?\n\nHe wrote that the storm had come.</s>\n",
    "\ufeffbyte order mark",
]

SPECIAL = ["<unk>", "<s>", "</s>"]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(pre_tokenizer, normalizer=None):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return json.loads(tokenizer.to_str())


def with_byte_fallback(pre_tokenizer, normalizer):
    """As converted from SentencePiece: bytes before the learnt pieces."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=260, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    description = json.loads(tokenizer.to_str())
    pieces = [piece for piece in description["model"]["vocab"] if piece not in SPECIAL and piece != "\n"]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    vocabulary = {piece: index for index, piece in enumerate([*SPECIAL, *bytes_, *pieces])}
    description["model"]["vocab"] = vocabulary
    description["model"]["merges"] = [
        pair for pair in description["model"]["merges"] if "\n" not in "".join(pair)
    ]
    description["pre_tokenizer"] = pre_tokenizer
    description["normalizer"] = normalizer
    description["decoder"] = {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    }
    return description


def families():
    yield "byte_level", byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    yield "byte_level_split_nfc", byte_level(
        pre_tokenizers.Sequence([split, bytes_]), normalizers.NFC()
    )
    space = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    prepend = {"type": "Prepend", "prepend": "▁"}
    yield "byte_fallback", with_byte_fallback(
        None, {"type": "Sequence", "normalizers": [prepend, space]}
    )
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    yield "metaspace_first", with_byte_fallback(metaspace, None)


def golden(path):
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(path), clean_up_tokenization_spaces=False)
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False)
        yield {
            "text": text,
            "ids": ids,
            "decoded": tokenizer.decode(ids, skip_special_tokens=False),
            "decodedWithoutSpecial": tokenizer.decode(ids, skip_special_tokens=True),
        }


def write(name, content):
    path = GOLDEN / f"{name}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, description in families():
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(description, file)
            file.flush()
            write(name, {"tokenizer": description, "cases": list(golden(file.name))})
    for folder in map(pathlib.Path, sys.argv[1:]):
        write(folder.name, {"cases": list(golden(folder / "tokenizer.json"))})


if __name__ == "__main__":
    main()
