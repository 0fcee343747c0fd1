#!/usr/bin/python3
"""What a DOM holds, for comparison: every href attribute but those of <base>, raw, by html5lib's tree builder.

usage: dom.py ROOT LIST, where the URLs of LIST are files below ROOT
"""
import sys
from urllib.parse import unquote, urlsplit

import html5lib

root = sys.argv[1]
for url in open(sys.argv[2], encoding="utf-8"):
    url = url.strip()
    with open(root + unquote(urlsplit(url).path), "rb") as page:
        tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    found = set()
    for element in tree.iter():
        href = element.attrib.get("href")
        if href is not None and element.tag != "base":
            found.add(href.translate({9: None, 10: None, 13: None}))
    for link in sorted(found):
        print(f"{url}\t{link}")
