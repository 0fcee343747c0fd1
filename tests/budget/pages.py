"""Writes the pages of the budget, in the manner of pages of many kinds; the same bytes each time.

usage: python3 tests/budget/pages.py        (new pages need a new budget: make budget-renew)
"""
import os
import random
import urllib.parse

# Of the module random only random() is promised to stay as it is.
DRAW = random.Random(20240229).random

WORDS = (
    "the of and to in is that for it as with on by at from this which are be or an not can was have all one "
    "has but each when where more some into than other may then between after before while only over under "
    "water harbour morning letter window garden engine paper signal bridge number answer reader writer page "
    "valley stone weather station lantern market river village captain island story table colour measure "
    "record history evening winter summer journey machine pattern question language memory travel kitchen "
    "council election museum library concert season member report season begins opens follows carries "
    "returns makes holds keeps leaves turns reads writes finds old new small large early late quiet bright "
    "northern southern public common local general simple several perhaps almost already always never"
).split()
CYRILLIC = (
    "и в не на что с по как это от для при после перед море берег остров письмо мост станция утро вечер "
    "город улица вокзал книга слово язык вопрос ответ память дорога река зима лето новый старый большой "
    "малый тихий северный южный общий местный пишет читает открывает держит"
).split()
JAPANESE = (
    "港 の 朝 は 静か な 手紙 を 読む 人 が 橋 で 島 から 船 に 乗る 図書館 と 駅 まで 道 川 冬 夏 新しい "
    "古い 言葉 質問 答え カタカナ ページ リンク 記録 です ます した 、 。"
).split()
NAMES = (
    "open close read write seek flush parse format encode decode resolve compare insert remove lookup "
    "append extend update merge split join strip count index copy clear reset begin finish feed handler "
    "buffer stream parser codec socket server client request response session cookie header timeout"
).split()


def below(limit):
    return int(DRAW() * limit)


def pick(choices):
    return choices[below(len(choices))]


def sentence(words=WORDS, least=6, most=22):
    text = [pick(words) for _ in range(least + below(most - least))]
    return " ".join(text).capitalize() + "."


def phrase(count=3, words=WORDS):
    return " ".join(pick(words) for _ in range(count))


def slug(count=3):
    return "-".join(pick(WORDS) for _ in range(count))


def name():
    return pick(NAMES) + "_" + pick(NAMES) if DRAW() < 0.4 else pick(NAMES)


def module():
    return pick(NAMES) + "." + pick(NAMES) if DRAW() < 0.3 else pick(NAMES)


def page(title, body, head="", charset="utf-8"):
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="{charset}">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/style.css?v=3">
<link rel="icon" type="image/png" href="/static/icon.png">
{head}</head>
<body>
{body}</body>
</html>
"""


def prose():
    """Long text, few links, typography as references."""
    out = [f"<article>\n<h1>{phrase(5).title()}</h1>\n"]
    for part in range(60):
        if part % 8 == 0:
            out.append(f'<h2 id="part-{part}">{phrase(4).capitalize()}</h2>\n')
        text = " ".join(sentence() for _ in range(3 + below(5)))
        text = text.replace(" and ", " &mdash; ", 1).replace(" of the ", " of&nbsp;the ")
        text = text.replace(" letter ", " &ldquo;letter&rdquo; ").replace(" harbour ", " <em>harbour</em> ")
        if DRAW() < 0.4:
            text += f' See <a href="../{slug()}.html">{phrase()}</a>.'
        out.append(f"<p>{text}</p>\n")
        if DRAW() < 0.1:
            out.append(
                f'<figure><img src="/pictures/{slug(2)}.jpg" alt="{phrase(6)}" loading="lazy" width="800" '
                f'height="{400 + below(300)}"><figcaption>{sentence()}</figcaption></figure>\n')
    return page("An essay", "".join(out) + "</article>\n")


def index():
    """Almost nothing but short relative links, in the manner of the index of a manual."""
    out = ['<div class="indextable">\n']
    for letter in "ABCDEFGHIJ":
        out.append(
            f'<h2 id="{letter}">{letter}</h2>\n<table style="width: 100%" class="indextable"><tr>\n'
            '<td style="width: 33%; vertical-align: top;"><ul>\n')
        for _ in range(45):
            where, what = module(), name()
            out.append(
                f'      <li><a href="library/{where}.html#{where}.{what}">{what}() (in module {where})</a>\n'
                "</li>\n")
            if DRAW() < 0.2:
                out.append(
                    f'      <li>\n    {what}\n\n      <ul>\n        <li><a href="reference/{pick(NAMES)}.html'
                    f'#index-{below(90)}">{phrase(2)}</a>\n</li>\n      </ul></li>\n')
        out.append("</ul></td>\n</tr></table>\n")
    return page("Index", "".join(out) + "</div>\n")


def reference():
    """Signatures in nested spans, cross references, permalinks."""
    out = []
    for _ in range(45):
        where, what = module(), name()
        parameters = ", ".join(
            f'<em class="sig-param"><span class="n"><span class="pre">{pick(NAMES)}</span></span></em>'
            for _ in range(1 + below(4)))
        out.append(
            f'<dl class="py function">\n<dt class="sig sig-object py" id="{where}.{what}">\n'
            f'<span class="sig-prename descclassname"><span class="pre">{where}.</span></span>'
            f'<span class="sig-name descname"><span class="pre">{what}</span></span>'
            f'<span class="sig-paren">(</span>{parameters}<span class="sig-paren">)</span>'
            f'<a class="headerlink" href="#{where}.{what}" title="Permalink to this definition">¶</a>'
            "</dt>\n<dd>")
        for _ in range(1 + below(3)):
            other, there = name(), module()
            out.append(
                f'<p>{sentence()} <a class="reference internal" href="{there}.html#{there}.{other}" '
                f'title="{there}.{other}"><code class="xref py py-func docutils literal notranslate">'
                f'<span class="pre">{other}()</span></code></a> {sentence()}</p>\n')
        out.append("</dd></dl>\n\n")
    return page("Reference", "".join(out))


def listing():
    """Program text, a span to each word of it."""
    out = []
    for _ in range(8):
        out.append(
            f'<p>{sentence()} <a class="reference external" href="https://code.example.org/{slug(2)}.py">'
            f'{phrase(2)}</a></p>\n'
            '<div class="highlight-python3 notranslate"><div class="highlight"><pre><span></span>')
        for _ in range(20):
            out.append(
                f'{"    " * below(3)}<span class="n">{name()}</span> <span class="o">=</span> '
                f'<span class="n">{pick(NAMES)}</span><span class="o">.</span><span class="n">{name()}</span>'
                f'<span class="p">(</span><span class="mi">{below(100)}</span><span class="p">,</span> '
                f'<span class="s1">&#39;{phrase(2)}&#39;</span><span class="p">)</span>'
                f'  <span class="c1"># {phrase(4)}</span>\n')
        out.append("</pre></div></div>\n")
    return page("A tutorial", "".join(out))


def table():
    """Numbers in cells, a link to each row."""
    out = ["<table>\n<thead><tr><th>Station</th>" + "".join(f"<th>{month}</th>" for month in range(1, 13))
           + "</tr></thead>\n<tbody>\n"]
    for row in range(110):
        cells = "".join(f'<td align="right">{below(4000) / 10 - 100:.1f}</td>' for _ in range(12))
        out.append(
            f'<tr class="{"odd" if row % 2 else "even"}"><th scope="row"><a href="station.php?id={row}&amp;'
            f'year=2024">{phrase(1).title()}</a></th>{cells}</tr>\n')
    return page("Measurements", "".join(out) + "</tbody>\n</table>\n")


def portal():
    """Menus and teasers: deep nesting, many classes and data attributes, long absolute links."""
    out = ['<nav class="menu menu--main" role="navigation" aria-label="Main">\n<ul class="menu__list">\n']
    for _ in range(12):
        out.append(
            '<li class="menu__item has-children"><a class="menu__link" '
            f'href="https://www.example.com/{slug(1)}/">{phrase(1)}</a>\n'
            '<ul class="menu__list menu__list--sub">\n')
        for _ in range(7):
            out.append(
                f'<li class="menu__item"><a class="menu__link" href="https://www.example.com/{slug(1)}/'
                f'{slug(2)}/">{phrase(2)}</a></li>\n')
        out.append("</ul></li>\n")
    out.append("</ul></nav>\n")
    for number in range(50):
        day = f"{1 + below(12):02}/{1 + below(28):02}"
        query = f"?ref=front&amp;pos={number}"
        story = f"https://news.example.com/2024/{day}/{slug(6)}-{10000 + below(90000)}{query}"
        image = f"https://images.example.com/{slug(2)}"
        out.append(
            f'<div class="grid__column grid__column--third"><div class="teaser teaser--{pick(NAMES)}" '
            f'data-id="{below(1000000)}" data-track=\'{{"position":{number},"list":"{slug(2)}"}}\'>'
            f'<a class="teaser__picture" href="{story}" tabindex="-1" aria-hidden="true"><picture>'
            f'<source media="(min-width: 40em)" srcset="{image}-640.webp 640w, {image}-1280.webp 1280w">'
            f'<img src="{image}.jpg" alt=""></picture></a>\n'
            f'<h3 class="teaser__title"><a href="{story}">{phrase(7).capitalize()}</a></h3>\n'
            f'<p class="teaser__text">{sentence()}</p>'
            f'<a class="teaser__topic" href="https://www.example.com/topic/{slug(1)}">{phrase(1)}</a>'
            "</div></div>\n")
    return page("News of the day", "".join(out))


def script():
    """More script and style than text; what looks like a link in them is none."""
    out = [f"<h1>{phrase(3)}</h1>\n<style>\n"]
    for _ in range(120):
        out.append(
            f".{pick(NAMES)}-{pick(NAMES)} > .{pick(NAMES)} {{ margin: {below(20)}px; "
            f"background: url(/static/{slug(1)}.png); }}\n")
    out.append('</style>\n<script>\n(function () {\n\t"use strict";\n')
    for _ in range(150):
        out.append(
            f"\tfunction {pick(NAMES)}{below(100)}(a, b) {{ if (a < b && b > {below(9)}) {{ "
            f"return '<a href=\"/{slug(2)}\">' + a.{pick(NAMES)} + '<\\/a>'; }} return a << 2; }}\n")
    out.append('}());\n</script>\n<script type="application/json" id="state">{"items":[')
    out.append(",".join(f'{{"id":{below(100000)},"url":"https:\\/\\/shop.example.com\\/{slug(3)}",'
                        f'"title":"{phrase(4)}","price":{below(9000) / 100}}}' for _ in range(120)))
    out.append("]}</script>\n<noscript><p>Go to <a href=/plain/>the plain page</a>.</p></noscript>\n")
    for _ in range(40):
        out.append(
            f'<p><a href="/{slug(2)}" onclick="return {pick(NAMES)}(this, \'{slug(1)}\')">{phrase(3)}</a>'
            "</p>\n")
    return page("A shop", "".join(out))


def drawing():
    """Icons and a chart: foreign elements, self-closing tags, links of svg."""
    out = ['<svg xmlns="http://www.w3.org/2000/svg" style="display: none">\n']
    for symbol in range(25):
        path = " ".join(f"{pick('MLHVCQ')}{below(240) / 10} {below(240) / 10}" for _ in range(20))
        out.append(
            f'<symbol id="icon-{symbol}" viewBox="0 0 24 24"><path d="{path}z" fill="none"/></symbol>\n')
    out.append("</svg>\n<ul>\n")
    for number in range(60):
        out.append(
            f'<li><a href="/{slug(2)}/"><svg class="icon" aria-hidden="true">'
            f'<use href="#icon-{number % 25}"/></svg> {phrase(2)}</a></li>\n')
    out.append('</ul>\n<svg viewBox="0 0 1000 400">\n<title>A chart</title>\n')
    for bar in range(120):
        out.append(
            f'<a href="/year/{1900 + bar}"><rect x="{bar * 8}" y="{below(300)}" width="7" '
            f'height="{below(100)}" rx="1"/><text x="{bar * 8}" y="390">{1900 + bar}</text></a>\n')
    out.append("</svg>\n<math><mi>x</mi><mo>=</mo><mn>2</mn></math>\n")
    return page("Drawings", "".join(out))


def cyrillic():
    """In windows-1251; some links have letters of it in path and query."""
    out = ["<div id=content>\n"]
    for number in range(90):
        text = " ".join(sentence(CYRILLIC) for _ in range(3))
        link = f"/statya/{slug(2)}/"
        if number % 10 == 0:
            link = pick((f"/поиск?q={pick(CYRILLIC)}&amp;s=1", f"/{pick(CYRILLIC)}/"))
        out.append(f'<p>{text} <a href="{link}">{phrase(2, CYRILLIC)}</a></p>\n')
    return page("Новости", "".join(out) + "</div>\n", charset="windows-1251").encode("cp1251")


def japanese():
    """In Shift_JIS, whose second bytes may be ASCII letters."""
    out = ["<dl>\n"]
    for number in range(160):
        link = pick((f"kiji{number}.html", f"./{slug(2)}.html#top"))
        if number % 20 == 0:
            link = f"search.cgi?word={pick(JAPANESE[:16])}"
        out.append(
            f'<dt><a href="{link}">{phrase(3, JAPANESE).replace(" ", "")}</a></dt>\n'
            f'<dd>{phrase(25, JAPANESE).replace(" ", "")}<br>\n</dd>\n')
    return page("日記", "".join(out) + "</dl>\n", charset="Shift_JIS").encode("cp932")


def loose():
    """As by hand in older days: capitals, no quotes, no end tags, comments, a base."""
    out = [
        "<HTML><HEAD><TITLE>My page</TITLE>\n<BASE HREF=http://home.example.net/people/me/>\n</HEAD>\n"
        '<BODY BGCOLOR=#FFFFFF TEXT="#000000">\n<!-- made with an editor -->\n'
        "<CENTER><H1>My page</H1></CENTER>\n"]
    for number in range(170):
        link = pick((
            f"../{slug(1)}/", f"{slug(1)}.htm", f"http://WWW.Example.COM:80/{slug(2)}", f"#{number}",
            f"./{slug(1)}/../{slug(1)}.html", f"//mirror.example.net/{slug(1)}", "?page=2"))
        out.append(pick((
            f"<LI><A HREF={link}>{phrase(3)}</A>\n",
            f"<LI><a href = '{link}' target=_top>{phrase(2)}</a>\n",
            f"<P><FONT SIZE=2 COLOR=red>{sentence()}</FONT><BR>\n"
            f"<A NAME=n{number} HREF=\"{link}\">more</A>\n",
            f"<!-- <A HREF={link}> -- old -->\n<HR>\n")))
    return "".join(out)


def forum():
    """Posts: the same few people and actions again and again."""
    people = [phrase(1) + str(below(100)) for _ in range(12)]
    out = []
    for number in range(75):
        who = pick(people)
        out.append(
            f'<div class="post" id="p{number}"><div class="author">'
            f'<a href="/member.php?u={who}" class="username">{who}</a><br/>'
            f'<a href="mailto:{who}@example.org">mail</a></div>\n'
            f'<div class="text"><p>{sentence()} &lt;{pick(NAMES)}&gt; {sentence()}</p>\n</div>'
            f"<ul class='actions'><li><a href='#p{number}'>#{number}</a></li>"
            f"<li><a href='/reply.php?do=quote&amp;t=4711&amp;p={number}' rel='nofollow'>Quote</a></li>"
            f"<li><a href='javascript:report({number})'>Report</a></li><li><a href='/faq.php'>Help</a></li>"
            "</ul></div>\n")
    return page("A thread", "".join(out))


def wiki():
    """Percent-encoded paths, titles, footnotes, letters beyond ASCII as UTF-8."""
    out = ['<div class="content">\n']
    for number in range(75):
        word = pick(CYRILLIC)
        encoded = urllib.parse.quote(word)
        title = phrase(2).title()
        out.append(
            f'<p>{sentence()} <a href="/wiki/{title.replace(" ", "_")}" title="{title}">{title}</a> '
            f'{sentence()} (<a href="https://ru.example.org/wiki/{encoded}" title="{word}">{word}</a>)'
            f'<sup id="cite_ref-{number}" class="reference">'
            f'<a href="#cite_note-{number}">&#91;{number}&#93;</a></sup></p>\n')
    out.append('</div>\n<ol class="references">\n')
    for number in range(75):
        out.append(
            f'<li id="cite_note-{number}"><a href="#cite_ref-{number}">^</a> <a rel="nofollow" '
            f'href="https://archive.example.org/details/{slug(4)}?page={below(300)}#n{number}">'
            f"{phrase(5)}</a></li>\n")
    return page("Encyclopedia", "".join(out) + "</ol>\n")


def application():
    """One line, made by a program; templates, frames, odd hosts, ports and schemes."""
    out = ['<div id=root data-reactroot=""><template><a href=/never>x</a></template>']
    for number in range(170):
        link = pick((
            f"/app/{number}", f"https://api.example.com:8443/v2/{pick(NAMES)}/{below(10000)}",
            f"/search?q={pick(WORDS)}%20{pick(WORDS)}&lang=en", f"http://192.0.2.{below(256)}/",
            f"http://[2001:db8::1]/{slug(1)}", "tel:+49301234", "data:text/plain,x"))
        if number % 30 == 0:
            link = pick(("https://bücher.example/", f"https://xn--bcher-kva.example/{slug(1)}"))
        out.append(
            f'<div class="{pick(NAMES)}-{below(1000)} css-{below(10 ** 9):x}" data-testid={pick(NAMES)}>'
            f'<a href="{link}" class="css-{below(10 ** 9):x}"><span>{phrase(2)}</span></a>'
            "<button type=button disabled>+</button></div>")
    out.append('</div><iframe src="/frame" title=frame></iframe>')
    return page("App", "".join(out) + "\n").replace(">\n<", "><")


def missing():
    """The small page of an error."""
    return page("404 Not Found", '<h1>Not Found</h1>\n<p>Go <a href="/">home</a>.</p>\n')


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
    makers = (
        prose, index, reference, listing, table, portal, script, drawing, cyrillic, japanese, loose, forum,
        wiki, application, missing)
    for maker in makers:
        made = maker()
        with open(os.path.join(folder, maker.__name__ + ".html"), "wb") as file:
            file.write(made if isinstance(made, bytes) else made.encode())


if __name__ == "__main__":
    main()
