"""Checks that this implementation agrees with the others: `python3 check_vectors.py <docs/protocol-vectors.json>`"""
import json, sys
from marblerun import decode, encode, fingerprint, is_name, key, script_text

LETTERS = {"m": "maxAttempts", "h": "hops", "l": "timeLimitMs", "r": "retryBaseMs", "x": "retryMaxMs"}
TEXTS = {"b": "batch", "B": "member", "o": "origin", "t": "traceparent"}


def read(envelope):
    marble = decode(envelope)
    words = marble.pop("words")
    marble["data"] = marble["data"].decode()
    for letter, value in (word.split("=", 1) for word in words):
        if letter in LETTERS:
            marble[LETTERS[letter]] = int(value)
        elif letter in TEXTS:
            marble[TEXTS[letter]] = value
        elif letter == "f":
            marble.setdefault("failures", []).append(json.loads(value))
    return marble


def same(got, wanted):
    global checked
    assert got == wanted, f"{got!r} is not {wanted!r}"
    checked += 1


checked = 0
vectors = json.load(open(sys.argv[1], encoding="utf-8"))
for vector in vectors["envelopes"]:
    text, marble = vector["bytes"].encode(), vector["decoded"]
    same(read(text), marble)
    words = tuple(text.split(b"\n", 1)[0].decode().split(" ")[4:])
    same(encode(marble["id"], marble["attempt"], marble["sentAt"], marble["type"], marble["data"].encode(), words), text)
for text in vectors["notEnvelopes"]:
    try:
        decode(text.encode())
    except ValueError:
        checked += 1
    else:
        raise AssertionError(f"{text!r} was taken for an envelope")
for kind, names in vectors["names"].items():
    same([is_name(kind, name) for name in names["allowed"]], [True] * len(names["allowed"]))
    same([is_name(kind, name) for name in names["refused"]], [False] * len(names["refused"]))
for vector in vectors["keys"]:
    same(key(vector["run"], *vector["parts"]), vector["key"])
for vector in vectors["fingerprints"]:
    same(fingerprint([entry.encode() for entry in vector["entries"]]), vector["fingerprint"])
for vector in vectors["scripts"]:
    same(script_text(vector["files"].__getitem__, vector["name"], vector["flags"]), vector["text"])
print(f"{checked} checks passed")
