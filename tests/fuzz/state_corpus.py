"""Writes the corpus of fuzz_state: each kind of damage, to each of its files, in the parts that matter.

usage: state_corpus.py FOLDER
"""
import os
import sys

OPERATIONS = {"overwrite": 0, "truncate": 1, "fill": 2, "copy": 3, "flip": 4}
FILES = {"ended": 0, "interrupted": 1, "log": 2}


def operation(name, offset, length=0, data=b""):
    return bytes([OPERATIONS[name]]) + offset.to_bytes(3, "big") + bytes([length or len(data)]) + data


def main():
    damages = {
        "none": b"",
        "no_header": operation("truncate", 50),
        "half": operation("truncate", 10000),
        "last_byte": operation("truncate", 0xFFFFFF),
        "page_size": operation("overwrite", 16, data=b"\x02\x00"),
        "versions": operation("overwrite", 18, data=b"\x02\x02"),
        "user_version": operation("overwrite", 60, data=b"\x00\x00\x00\x02"),
        "encoding": operation("overwrite", 56, data=b"\x00\x00\x00\x02"),
        "tables": operation("fill", 3000, 200),
        "swapped": operation("copy", 2 * 4096, 4) + operation("copy", 4 * 4096, 3),
        "page_again": operation("copy", 5 * 4096, 2),
        "bits": b"".join(operation("flip", 4096 * page + 4000, page) for page in range(12)),
        "cells": b"".join(operation("overwrite", 4096 * page, data=b"\x0d\x00\x00\x00\xff") for page in (1, 2, 3)),
    }
    for file, number in FILES.items():
        for name, damage in damages.items():
            with open(os.path.join(sys.argv[1], f"{file}_{name}"), "wb") as out:
                out.write(bytes([number]) + damage)


main()
