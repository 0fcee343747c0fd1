#!/usr/bin/python3
"""The classic concurrent crawler, for comparison: aiohttp, href="(.*?)", urljoin, rows of source and link."""
import asyncio
import re
import sys
from urllib.parse import urljoin

import aiohttp

HREF = re.compile(r'href="(.*?)"')


async def links(url, session):
    try:
        async with session.get(url) as response:
            response.raise_for_status()
            text = await response.text()
    except (aiohttp.ClientError, UnicodeError) as error:
        print(f"{url}: {error!r}", file=sys.stderr)
        return
    found = set()
    for link in HREF.findall(text):
        try:
            found.add(urljoin(url, link))
        except ValueError as error:
            print(f"{url}: {link}: {error}", file=sys.stderr)
    for link in sorted(found):
        print(f"{url}\t{link}")


async def main():
    urls = [line.strip() for line in open(sys.argv[1], encoding="utf-8") if line.strip()]
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(links(url, session) for url in urls))


asyncio.run(main())
