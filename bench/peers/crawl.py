#!/usr/bin/python3
"""The classic script: aiohttp, href="(.*?)", urljoin, rows of source and link into a file.

Where no header names a page's encoding, aiohttp guesses it, which costs most of the time: CHARSET spares it.

usage: crawl.py LIST ROWS AT_ONCE asyncio|uvloop [CHARSET]
"""
import asyncio
import re
import sys
from urllib.parse import urljoin

import aiohttp

HREF = re.compile(r'href="(.*?)"')
CHARSET = sys.argv[5] if len(sys.argv) > 5 else None


async def fetch(url, session, rows):
    async with session.get(url) as response:
        response.raise_for_status()
        text = await response.text(CHARSET)
    found = set()
    for link in HREF.findall(text):
        try:
            found.add(urljoin(url, link))
        except ValueError:
            pass
    rows.write("".join(f"{url}\t{link}\n" for link in found))


async def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        urls = [line.strip() for line in lines]
    connector = aiohttp.TCPConnector(limit=int(sys.argv[3]))
    with open(sys.argv[2], "w", encoding="utf-8") as rows:
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(fetch(url, session, rows) for url in urls))


if sys.argv[4] == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(main())
