#include "base/alloc.h"
#include "base/buf.h"
#include "link/html/extract.h"
#include "link/html/extract_element.h"
#include "link/html/extract_pattern.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct extract_patterns *patterns;
static struct extract *page;

static void set_up(void)
{
	patterns = extract_patterns_new(ATTRIBUTES_DEFAULT);
	cr_assert(patterns);
	page = extract_new(patterns);
}

static void tear_down(void)
{
	extract_free(page);
	extract_patterns_free(patterns);
}

TestSuite(extract, .init = set_up, .fini = tear_down);

/* Writes each find as "name=value ", or as "name.attribute=value " where it is no href, with "base:", "meta:"
 * and
 * "#" in front of those kinds; a value may hold anything. */
static void note(void *ctx, const struct extract_hit *hit)
{
	static const char *const prefixes[] = {"", "base:", "meta:", "#"};
	struct buf *out = ctx;
	cr_assert(hit->tag.len >= 2 && hit->tag.data[0] == '<');
	buf_append_text(out, prefixes[hit->kind]);
	buf_append(out, hit->name.data, hit->name.len);
	if (hit->attribute > ATTRIBUTE_HREF) {
		buf_append_byte(out, '.');
		buf_append_text(out, attribute_name(hit->attribute).data);
	}
	if (hit->value.data) {
		buf_append_byte(out, '=');
		buf_append(out, hit->value.data, hit->value.len);
	}
	buf_append_byte(out, ' ');
}

static void feed_cut(struct extract *to, const char *html, size_t len, size_t cut, struct buf *out)
{
	buf_clear(out);
	extract_reset(to);
	extract_feed(to, html, cut, note, out);
	extract_feed(to, html + cut, len - cut, note, out);
	extract_finish(to, note, out);
}

static bool is(const struct buf *got, const char *expected)
{
	return got->len == strlen(expected) && (got->len == 0 || memcmp(got->data, expected, got->len) == 0);
}

struct sample {
	const char *html;
	const char *expected;
};

/* The same finds, however the page is cut. */
static void expect_one(struct extract *to, size_t number, const char *html, size_t len, const char *expected)
{
	struct buf got;
	buf_init(&got, 1 << 20);
	for (size_t cut = 0; cut <= len; cut++) {
		feed_cut(to, html, len, cut, &got);
		cr_expect(is(&got, expected), "case %zu cut at %zu: %s\n  is  %.*s\n  not %s", number, cut,
		    html, (int)got.len, got.data ? got.data : "", expected);
	}
	buf_clear(&got);
	extract_reset(to);
	for (size_t i = 0; i < len; i++) {
		/* A byte alone in its own memory: reading beside it is an error that sanitizers see. */
		char *byte = alloc_copy(html + i, 1);
		extract_feed(to, byte, 1, note, &got);
		free(byte);
	}
	extract_finish(to, note, &got);
	cr_expect(is(&got, expected), "case %zu in bytes: %s\n  is  %.*s\n  not %s", number, html,
	    (int)got.len, got.data ? got.data : "", expected);
	buf_release(&got);
}

static void expect_all(uint32_t attributes, const struct sample *samples, size_t count)
{
	struct extract_patterns *compiled = extract_patterns_new(attributes);
	struct extract_patterns *interpreted = extract_patterns_new_interpreted(attributes);
	struct extract *fast = extract_new(compiled);
	struct extract *slow = extract_new(interpreted);
	for (size_t i = 0; i < count; i++) {
		expect_one(fast, i, samples[i].html, strlen(samples[i].html), samples[i].expected);
		expect_one(slow, i, samples[i].html, strlen(samples[i].html), samples[i].expected);
	}
	extract_free(fast);
	extract_free(slow);
	extract_patterns_free(compiled);
	extract_patterns_free(interpreted);
}

#define COUNT_OF(samples)   (sizeof samples / sizeof samples[0])
#define EXPECT_ALL(samples) expect_all(ATTRIBUTES_DEFAULT, samples, COUNT_OF(samples))

Test(extract, tags_and_attributes)
{
	static const struct sample samples[] = {
	    {"<a href=\"x\">", "a=x "},
	    {"<a href='x'>", "a=x "},
	    {"<a href=x>", "a=x "},
	    {"<A HREF=x>", "A=x "},
	    {"<a hReF=X>", "a=X "},
	    {"<a href>", "a= "},
	    {"<a href=>", "a= "},
	    {"<a href=\"\">", "a= "},
	    {"<a href= >", "a= "},
	    {"<a href = \t\r\n\f\"x\">", "a=x "},
	    {"<a\thref\n=\n'x'\f>", "a=x "},
	    {"<a href  b=c>", "a= "},
	    {"<a/href=x>", "a=x "},
	    {"<a////href=x////>", "a=x//// "},
	    {"<a / href = x / >", "a=x "},
	    {"<a href=x/>", "a=x/ "},
	    {"<a href=\"x\"/>", "a=x "},
	    {"<a href/=x>", "a= "},
	    {"<a href=/>", "a=/ "},
	    {"<a href=\"a>b'c\">", "a=a>b'c "},
	    {"<a href='a>b\"c'>", "a=a>b\"c "},
	    {"<a href=a\"b'c=d<e`f>", "a=a\"b'c=d<e`f "},
	    {"<a href=\"a\nb\">", "a=a\nb "},
	    {"<a b=\"c\"href=\"x\"d>", "a=x "},
	    {"<a b='c'href='x'd>", "a=x "},
	    {"<a b=\"c\"=href=x>", ""},
	    {"<a b=chref=x>", ""},
	    {"<a href=x href=y>", "a=x "},
	    {"<a href HREF=y>", "a= "},
	    {"<a hrefx=x>", ""},
	    {"<a xhref=x>", ""},
	    {"<a href:=x>", ""},
	    {"<a \"href=x>", ""},
	    {"<a =href=x>", ""},
	    {"<a = href=x>", "a=x "},
	    {"<a ==href=x>", ""},
	    {"<a b==href=x>", ""},
	    {"<a b= =href=x>", ""},
	    {"<a b=' href=x>' href=y>", "a=y "},
	    {"<a b=\" href=x>\" href=y>", "a=y "},
	    {"<a b=' href=x>", ""},
	    {"<a b=\" href=x>", ""},
	    {"<a b =\" href=x>", ""},
	    {"<a b=' href=x><a href=\"y'>", ""},
	    {"<a b\"=c href=x>", "a=x "},
	    {"<a b'c' href=x>", "a=x "},
	    {"<a b=c'd href=x>'", "a=x "},
	    {"<a <b href=x>", "a=x "},
	    {"<a<b href=x>", "a<b=x "},
	    {"<a b<c href=x>", "a=x "},
	    {"<a b=<c href=x>", "a=x "},
	    {"<a b=\"<c href=y>\" href=x>", "a=x "},
	    {"<a b=c/href=x>", ""},
	    {"<a b/href=x>", "a=x "},
	    {"<a-b.c:d href=x>", "a-b.c:d=x "},
	    {"<\xC3\xA4 href=x>", ""},
	    {"<a\xC3\xA4 href=\xE2\x82\xAC>", "a\xC3\xA4=\xE2\x82\xAC "},
	    {"<a\vhref=x>", ""},
	    {"<a \vhref=x>", ""},
	    {"<a href=&amp;>", "a=&amp; "},
	    {"< a href=x>", ""},
	    {"<1 href=x>", ""},
	    {"<<a href=x>", "a=x "},
	    {"<<<<a href=x>", "a=x "},
	    {"a<b<c <a href=x>", "b<c=x "},
	    {"a < b > c <a href=x>", "a=x "},
	    {"<a href=x", ""},
	    {"<a href=x><a href=\"y", "a=x "},
	    {"<a href=\"x\"", ""},
	    {"<a href='x><a href=y>", ""},
	    {"<a href=x><", "a=x "},
	    {"<p><a href=1><p class=a><b id='b' c><a href=2></b></a></p>", "a=1 a=2 "},
	    {"", ""},
	};
	EXPECT_ALL(samples);
}

Test(extract, end_tags_count_not_and_hide_what_is_in_them)
{
	static const struct sample samples[] = {
	    {"</a href=x>", ""},
	    {"</a b=\"<a href=x>\">", ""},
	    {"</a b='>'><a href=x>", "a=x "},
	    {"</a b='><a href=x>", ""},
	    {"</a/href=x/>", ""},
	    {"</><a href=x>", "a=x "},
	    {"</ ><a href=x>", "a=x "},
	    {"</ <a href=x>y<a href=z>", "a=z "},
	    {"</1 \">\"<a href=x>", "a=x "},
	    {"</<a href=x>y", ""},
	    {"</", ""},
	    {"</a", ""},
	};
	EXPECT_ALL(samples);
}

/* A '<' that begins no tag is text. It must not let a '<' inside a tag before it count. */
Test(extract, a_less_than_sign_is_text)
{
	static const struct sample samples[] = {
	    {"<div><span data-tip='<a href=no>z</a>'>1 < 2</span></div><a href=x>", "a=x "},
	    {"<p><p title=\"<style>\">a < b <a href=x>", "a=x "},
	    {"<p><b<style>y<<a href=x>", "a=x "},
	    {"<p title='<a href=no>'>1<2<a href=x>", "a=x "},
	    {"<p title='<a href=no>'><<a href=x>", "a=x "},
	    {"<p title='<a href=no>'><=<a href=x>", "a=x "},
	    {"<p title='<a href=no>'>a<\xc3\xa9<a href=x>", "a=x "},
	    {"<p title='<a href=no>'>a<<!-- <a href=no> --><a href=x>", "a=x "},
	    {"<p title='<a href=no>'></ <a href=no>z<a href=x>", "a=x "},
	    {"<p title='<a href=no>'><?<a href=no><a href=x>", "a=x "},
	    {"<p></p title='<a href=no>'>a<5<a href=x>", "a=x "},
	    {"<p class=\"<a href=no>\">a<5<a href=x>", "a=x "},
	    {"<i title='<!--'>a< b<a href=x>-->", "a=x "},
	    {"<i title='<svg><title>'>a< b<a href=x>", "a=x "},
	    {"<p title='<a href=no>'>a<", ""},
	    {"<p title='<a href=no>'>a< ", ""},
	    {"<p title='<a href=no>", ""},
	};
	EXPECT_ALL(samples);
}

Test(extract, comments_and_declarations)
{
	static const struct sample samples[] = {
	    {"<!--<a href=x>--><a href=y>", "a=y "},
	    {"<!--><a href=x>", "a=x "},
	    {"<!---><a href=x>", "a=x "},
	    {"<!----><a href=x>", "a=x "},
	    {"<!-----><a href=x>", "a=x "},
	    {"<!--- ><a href=x>--><a href=y>", "a=y "},
	    {"<!-- > <a href=x> --><a href=y>", "a=y "},
	    {"<!----!><a href=x>", "a=x "},
	    {"<!--a--!><a href=x>", "a=x "},
	    {"<!--a--!><a href=x>-->", "a=x "},
	    {"<!--a--><a href=x>-->", "a=x "},
	    {"<!---!><a href=x>-->", ""},
	    {"<!--a-!><a href=x>-->", ""},
	    {"<!--!><a href=x>-->", ""},
	    {"<!--a--!-><a href=x>-->", ""},
	    {"<!--a--!--><a href=x>", "a=x "},
	    {"<!--a-- ><a href=x>--><a href=y>", "a=y "},
	    {"<!--a--->b<a href=x>", "a=x "},
	    {"<!--a<!--<a href=x>--><a href=y>-->", "a=y "},
	    {"<!-- <!--> <a href=x>", "a=x "},
	    {"<!-- <!- -> <a href=x>", ""},
	    {"<!-- <!--!> <a href=x>", "a=x "},
	    {"<!--a", ""},
	    {"<!--a--", ""},
	    {"<!--<a href=x>", ""},
	    {"<!-<a href=x>--><a href=y>", "a=y "},
	    {"<!-><a href=x>", "a=x "},
	    {"<!><a href=x>", "a=x "},
	    {"<!a <a href=x>y<a href=z>", "a=z "},
	    {"<!- ->", ""},
	    {"<?><a href=x>", "a=x "},
	    {"<?php echo \"<a href=x>\" ?><a href=y>", "a=y "},
	    {"<?xml version='1.0'?><a href=x>", "a=x "},
	    {"<!DOCTYPE html><a href=x>", "a=x "},
	    {"<!doctype html public \"a>b\"><a href=x>", "a=x "},
	    {"<!DOCTYPE html SYSTEM 'a<a href=x>b'><a href=y>", "a=y "},
	    {"<!DOCTYPE", ""},
	    {"<p><![CDATA[<a href=x>]]><a href=y>", "a=y "},
	    {"<p><![CDATA[><a href=x>]]>", "a=x "},
	    {"<p><!-- --><a href=x><!-- <a href=y> --><a href=z>", "a=x a=z "},
	};
	EXPECT_ALL(samples);
}

Test(extract, raw_text)
{
	static const struct sample samples[] = {
	    {"<style><a href=x></style><a href=y>", "a=y "},
	    {"<title><a href=x></title><a href=y>", "a=y "},
	    {"<textarea><a href=x></textarea><a href=y>", "a=y "},
	    {"<xmp><a href=x></xmp><a href=y>", "a=y "},
	    {"<iframe><a href=x></iframe><a href=y>", "a=y "},
	    {"<noembed><a href=x></noembed><a href=y>", "a=y "},
	    {"<noframes><a href=x></noframes><a href=y>", "a=y "},
	    {"<script><a href=x></script><a href=y>", "a=y "},
	    {"<plaintext><a href=x></plaintext><a href=y>", ""},
	    {"<plaintext href=w><a href=x>", "plaintext=w "},
	    {"<noscript><a href=x></noscript><a href=y>", "a=x a=y "},
	    {"<STYLE><a href=x></sTyLe><a href=y>", "a=y "},
	    {"<title/><a href=x></title><a href=y>", "a=y "},
	    {"<script href=s src=t><a href=x></script>", "script=s "},
	    {"<style href=s/><a href=x></style>", "style=s/ "},
	    {"<style></styles><a href=x></style><a href=y>", "a=y "},
	    {"<style></style <a href=x></style><a href=y>", "a=y "},
	    {"<style></style\n><a href=x>", "a=x "},
	    {"<style></style/><a href=x>", "a=x "},
	    {"<style></style a='>'><a href=x>", "a=x "},
	    {"<style></style a='><a href=x>", ""},
	    {"<style></ style><a href=x></style><a href=y>", "a=y "},
	    {"<style></title><a href=x></style><a href=y>", "a=y "},
	    {"<style><!-- </style><a href=x>-->", "a=x "},
	    {"<style><!-- <style> </style><a href=x> </style>", "a=x "},
	    {"<title><style></title><a href=x></style>", "a=x "},
	    {"<textarea></textarea", ""},
	    {"<textarea><<</</textarea><a href=x>", "a=x "},
	    {"<style", ""},
	    {"<styles><a href=x>", "a=x "},
	    {"<scripts><a href=x>", "a=x "},
	    {"<p><xmp></xm</xmp><a href=x>", "a=x "},
	};
	EXPECT_ALL(samples);
}

Test(extract, script_escapes)
{
	static const struct sample samples[] = {
	    {"<script><!-- </script><a href=x>", "a=x "},
	    {"<script><!-- <script> </script><a href=x> --></script><a href=y>", "a=y "},
	    {"<script><!-- <script> </script> </script><a href=x>", "a=x "},
	    {"<script><!-- <script> --> </script><a href=x>", "a=x "},
	    {"<script><!-- <script> --></script><a href=x>", "a=x "},
	    {"<script><script></script><a href=x>", "a=x "},
	    {"<script>--> <script></script><a href=x>", "a=x "},
	    {"<script><!--><script></script><a href=x>", "a=x "},
	    {"<script><!---><script></script><a href=x>", "a=x "},
	    {"<script><!----><script></script><a href=x>", "a=x "},
	    {"<script><!-- --!><script></script><a href=x>", ""},
	    {"<script><!- <script></script><a href=x>", "a=x "},
	    {"<script><!-<script></script><a href=x>", "a=x "},
	    {"<script><!--<script</script><a href=x>", "a=x "},
	    {"<script><!--<scripty></script><a href=x>", "a=x "},
	    {"<script><!--<script/</script/</script><a href=x>", "a=x "},
	    {"<script><!--<SCRIPT\n</SCRIPT\n</script><a href=x>", "a=x "},
	    {"<script><!--<script></scripty></script><a href=x>", ""},
	    {"<script><!--<script></script><script></script></script><a href=x>", "a=x "},
	    {"<script><!--<script><!--<script></script></script><a href=x>", "a=x "},
	    {"<script><!--<script>-- ></script><a href=x>", ""},
	    {"<script><!--<script>---></script><a href=x>", "a=x "},
	    {"<script><!--a--><!--<script></script><a href=x>", ""},
	    {"<script><!--<style></script><a href=x>", "a=x "},
	    {"<script><!--<script><!--</script><a href=x></script><a href=y>", "a=y "},
	    {"<script>'</script>'<a href=x>", "a=x "},
	    {"<script><!--", ""},
	};
	EXPECT_ALL(samples);
}

Test(extract, templates_are_left_out)
{
	static const struct sample samples[] = {
	    {"<template><a href=x></template><a href=y>", "a=y "},
	    {"<template href=t><a href=x></template>", "template=t "},
	    {"<template><template href=t></template><a href=x></template><a href=y>", "a=y "},
	    {"<TEMPLATE><a href=x></Template ><a href=y>", "a=y "},
	    {"</template><a href=x>", "a=x "},
	    {"<template></template></template><template><a href=x></template>", ""},
	    {"<template><base href=b><meta charset=x></template><a href=y>", "a=y "},
	    {"<template><script></template></script><a href=x></template><a href=y>", "a=y "},
	    {"<template><!--</template>--><a href=x></template><a href=y>", "a=y "},
	    {"<template/><a href=x></template><a href=y>", "a=y "},
	    {"<template><div></template><a href=x>", "a=x "},
	    {"<template><svg></template><a href=x><style><a href=y></style>", "a=x "},
	    {"<svg><template><a href=x></template><a href=y></svg>", "a=x a=y "},
	    {"<svg><desc><template><a href=x></template><a href=y></desc></svg>", "a=y "},
	    {"<svg><desc><template><svg></template><a href=y></a></desc><style><a href=z>", "a=y a=z "},
	    {"<template><a href=x>", ""},
	};
	EXPECT_ALL(samples);
}

Test(extract, base_and_meta)
{
	static const struct sample samples[] = {
	    {"<base href=x><BASE HREF=y>", "base:base=x base:BASE=y "},
	    {"<base target=x>", ""},
	    {"<body><p><base href=x>", "base:base=x "},
	    {"<meta charset=utf-8>", "meta:meta "},
	    {"<META charset=utf-8 href=x>", "meta:META META=x "},
	    {"<body><meta content=x>", "meta:meta "},
	    {"<body><meta>", "meta:meta "},
	    {"<basefont href=x>", "basefont=x "},
	    {"<svg><base href=x></svg>", ""},
	    {"<svg><meta href=x><style><a href=y></style>", "meta:meta meta=x "},
	    {"<!--<base href=x>--><script><base href=y></script>", ""},
	    {"</meta></base href=x>", ""},
	};
	EXPECT_ALL(samples);
}

Test(extract, foreign_content)
{
	static const struct sample samples[] = {
	    {"<svg><a href=x xlink:href=y></a></svg>", "a=x "},
	    {"<svg><a xlink:href=y></a></svg>", ""},
	    {"<svg href=x></svg><math href=y></math>", "svg=x math=y "},
	    {"<svg><![CDATA[<a href=x>]]><a href=y></svg>", "a=y "},
	    {"<svg><![CDATA[ ]] > ]]]><a href=y></svg>", "a=y "},
	    {"<svg><![CDATA[<a href=x>", ""},
	    {"<svg><![CDATX[<a href=x>]]></svg>", ""},
	    {"<svg><![cdata[<a href=x>]]></svg>", ""},
	    {"<svg></svg><![CDATA[<a href=x>]]><a href=y>", "a=y "},
	    {"<svg/><![CDATA[<a href=x>y<a href=z>]]>", "a=z "},
	    {"<svg a=/><![CDATA[<a href=x>y]]><a href=z>", "a=z "},
	    {"<svg / ><![CDATA[<a href=x>y]]><a href=z>", "a=z "},
	    {"<svg><g/></g><style><a href=x></style></svg>", "a=x "},
	    {"<svg><style><a href=x></style><script><a href=y></script></svg>", "a=x a=y "},
	    {"<svg></svg><style><a href=x></style>", ""},
	    {"<svg><title><a href=x><style><a href=y></style></title></svg>", "a=x "},
	    {"<svg><title><textarea></title></svg><a href=x></textarea><a href=y>", "a=y "},
	    {"<svg><title></title><style><a href=x></style></svg>", "a=x "},
	    {"<svg><desc><style><a href=x></style></desc><style><a href=y></style>", "a=y "},
	    {"<svg><foreignObject><style><a href=x></style></foreignobject><style><a href=y></style>",
	        "a=y "},
	    {"<svg><desc><![CDATA[<a href=x>]]></desc></svg>", ""},
	    {"<svg><desc><p><![CDATA[<a href=x>y<a href=z>]]></desc></svg>", "a=z "},
	    {"<svg><desc><svg><style><a href=x></style></svg></desc></svg><style><a href=y>", "a=x "},
	    {"<svg><desc><div></desc></svg><style><a href=x></style>", ""},
	    {"<svg><desc></div></desc><style><a href=x></style></svg>", "a=x "},
	    {"<svg><foreignObject/><style><a href=x></style></svg>", "a=x "},
	    {"<svg><p><style><a href=x></style>", ""},
	    {"<svg><g><DIV href=w><style><a href=x></style>", "DIV=w "},
	    {"<svg></p><style><a href=x></style>", ""},
	    {"<svg></br><style><a href=x></style>", ""},
	    {"<svg><font><style><a href=x></style>", "a=x "},
	    {"<svg><font COLOR=red><style><a href=x></style>", ""},
	    {"<svg><font face><style><a href=x></style>", ""},
	    {"<svg><font size=1><style><a href=x></style>", ""},
	    {"<svg><span><style><a href=x></style>", ""},
	    {"<svg><section><style><a href=x></style>", "a=x "},
	    {"<div><svg><path></div><style><a href=x></style>", ""},
	    {"<svg><path></path></g><style><a href=x></style>", "a=x "},
	    {"<svg><a href=x><g></a><style><a href=y></style></svg><style><a href=z>", "a=x a=y "},
	    {"<svg><g><svg></g><style><a href=x></style>", "a=x "},
	    {"<svg></SVG><style><a href=x></style>", ""},
	    {"<math><mi><style><a href=x></style></mi><style><a href=y></style></math>", "a=y "},
	    {"<math><mtext><mglyph><style><a href=x></style>", "a=x "},
	    {"<math><ms><malignmark/><style><a href=x></style>", ""},
	    {"<math><annotation-xml><style><a href=x></style>", "a=x "},
	    {"<math><annotation-xml encoding=TEXT/html><style><a href=x></style>", ""},
	    {"<math><annotation-xml encoding='application/xhtml+xml'><style><a href=x></style>", ""},
	    {"<math><annotation-xml encoding=text/xml><style><a href=x></style>", "a=x "},
	    {"<math><annotation-xml><svg><desc><style><a href=x></style></svg></annotation-xml>", ""},
	    {"<math><desc><style><a href=x></style></math>", "a=x "},
	    {"<svg><mi><style><a href=x></style></svg>", "a=x "},
	    {"<svg><svg></svg><![CDATA[<a href=x>]]></svg>", ""},
	    {"<svg><!--</svg>--><![CDATA[<a href=x>]]></svg>", ""},
	    {"<svg><textarea><a href=x></textarea><plaintext><a href=y>", "a=x a=y "},
	    {"<svg><tr href=x></svg>", "tr=x "},
	    {"<svg><image href=x /></svg>", "image=x "},
	    {"<svg", ""},
	    {"<svg><![CDATA[", ""},
	};
	EXPECT_ALL(samples);
}

Test(extract, the_end_of_a_noscript_closes_an_svg_in_it)
{
	static const struct sample samples[] = {
	    {"<noscript><svg></noscript><script><a href=no></script><a href=out>", "a=out "},
	    {"<noscript><svg><a href=in></svg></noscript><a href=out>", "a=in a=out "},
	};
	EXPECT_ALL(samples);
}

Test(extract, the_end_of_a_form_closes_nothing_inside_it)
{
	static const struct sample samples[] = {
	    {"<form><svg></form><style><a href=in></style></svg><a href=out>", "a=in a=out "},
	    {"<form><svg></form><script><a href=in>", "a=in "},
	    {"<form><math><mi><b></form></b><style><a href=no></style>", ""},
	    {"<svg><desc><form><b></form></b></desc><style><a href=in>", "a=in "},
	    {"<svg><desc><form></form></desc><style><a href=in>", "a=in "},
	    {"<svg></form><style><a href=in>", "a=in "},
	};
	EXPECT_ALL(samples);
}

Test(extract, start_tags_that_tree_construction_ignores)
{
	static const struct sample samples[] = {
	    {"<body><td href=x><tr href=y><col href=z>", ""},
	    {"<table><tr href=y><td href=x></table><td href=z>", "tr=y td=x "},
	    {"<table><template><table></template><tr href=x></table><tr href=y>", "tr=x "},
	    {"<html href=x><html href=y>", "html=x "},
	    {"<html><body><html href=y>", "html=y "},
	    {"<body href=x><p><body href=y>", "body=x "},
	    {"<body><p><body href=y>", "body=y "},
	    {"<head href=x><head href=y>", "head=x "},
	    {"<!DOCTYPE html>\n<html>\n<head href=x>", "head=x "},
	    {"<meta><head href=x>", "meta:meta "},
	    {"text<head href=x>", ""},
	    {"<body><head href=x>", ""},
	    {"</head><head href=x>", ""},
	    {"<form href=x><form href=y></form><form href=z>", "form=x form=z "},
	    {"<form><template></form></template><form href=x>", ""},
	    {"<frameset href=x><frame href=y><a href=z></frameset>", "frameset=x frame=y "},
	    {"<head><title>t</title></head> <!-- c --> <frameset><a href=x>", ""},
	    {"<frameset><noframes><a href=x></noframes></frameset><style><a href=y>", ""},
	    {"<body><frameset href=x><frame href=y><a href=z>", "a=z "},
	    {"text<frameset href=x><a href=z>", "a=z "},
	    {"<head></head>text<frameset><a href=z>", "a=z "},
	    {"<template>text<div></template><frameset><a href=z>", ""},
	    {"<select><a href=x></a><div href=y></select>", "a=x div=y "},
	};
	EXPECT_ALL(samples);
}

Test(extract, nul_bytes)
{
	static const struct {
		const char *html;
		size_t len;
		const char *expected;
	} samples[] = {
	    {"<a\0b href=x>", 12, "a"},
	    {"<scr\0ipt><a href=x>", 19, "a=x "},
	    {"<a hr\0ef=x>", 11, ""},
	    {"<a href=\"\0\"><a href=y>", 22, NULL},
	    {"\0<frameset href=x>\0<a href=y>", 28, "frameset=x "},
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct buf got;
		buf_init(&got, 1 << 10);
		feed_cut(page, samples[i].html, samples[i].len, 0, &got);
		if (i == 0)
			cr_expect(got.len == 6 && memcmp(got.data, "a\0b=x ", 6) == 0);
		else if (i == 3)
			cr_expect(got.len == 8 && memcmp(got.data, "a=\0 a=y ", 8) == 0);
		else
			cr_expect(is(&got, samples[i].expected), "case %zu: %.*s", i, (int)got.len, got.data);
		buf_release(&got);
	}
}

struct seen {
	size_t count;
	struct extract_hit last;
	char tag[64];
	const char *fed;
};

static void remember(void *ctx, const struct extract_hit *hit)
{
	struct seen *seen = ctx;
	seen->count++;
	seen->last = *hit;
	snprintf(seen->tag, sizeof seen->tag, "%.*s", (int)hit->tag.len, hit->tag.data);
}

Test(extract, hits_tell_the_tag_and_where_it_is)
{
	static const char html[] = "<p>text<!-- c --><script>x</script>\n<a b='>' href=\"x\" c>y</a>";
	size_t at = (size_t)(strchr(html, '\n') + 1 - html);
	for (size_t cut = 0; cut < sizeof html; cut++) {
		struct seen seen = {0};
		extract_reset(page);
		extract_feed(page, html, cut, remember, &seen);
		extract_feed(page, html + cut, sizeof html - 1 - cut, remember, &seen);
		extract_finish(page, remember, &seen);
		cr_expect_eq(seen.count, 1);
		cr_expect_eq(seen.last.kind, EXTRACT_LINK);
		cr_expect_eq(
		    seen.last.offset, at, "cut at %zu: %llu", cut, (unsigned long long)seen.last.offset);
		cr_expect_str_eq(seen.tag, "<a b='>' href=\"x\" c>");
	}
}

Test(extract, whole_chunks_are_read_in_place)
{
	static const char html[] = "<a href=x>";
	struct seen seen = {0};
	extract_feed(page, html, sizeof html - 1, remember, &seen);
	cr_expect_eq(seen.last.value.data, html + 8);
	cr_expect_eq(seen.last.value.len, 1);
}

Test(extract, an_empty_value_is_not_null)
{
	struct seen seen = {0};
	extract_feed(page, "<a href>", 8, remember, &seen);
	cr_expect_eq(seen.count, 1);
	cr_expect(seen.last.value.data && seen.last.value.len == 0);
}

Test(extract, reset_forgets_the_page_before)
{
	static const char *const before[] = {"<script>", "<!--", "<svg><desc><p>", "<template>", "<a href='x",
	    "<plaintext>", "<frameset>", "<form>", "<html href=x><body href=x>", "<svg><![CDATA[", "<!",
	    "<script><!--<script>"};
	static const char after[] = "<html href=1><frameset href=2>";
	static const char body[] =
	    "<body href=1><form href=2></form><style><a href=4></style></script><a href=3>";
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		struct buf got;
		buf_init(&got, 1 << 10);
		extract_feed(page, before[i], strlen(before[i]), note, &got);
		feed_cut(page, after, sizeof after - 1, 3, &got);
		cr_expect(
		    is(&got, "html=1 frameset=2 "), "behind %s: %.*s", before[i], (int)got.len, got.data);
		extract_reset(page);
		extract_feed(page, before[i], strlen(before[i]), note, &got);
		feed_cut(page, body, sizeof body - 1, 3, &got);
		cr_expect(
		    is(&got, "body=1 form=2 a=3 "), "behind %s: %.*s", before[i], (int)got.len, got.data);
		buf_release(&got);
	}
}

/* Behind "<a href=1>": start, then filler up to len bytes of tag, then end, then "<a href=2>". */
static void expect_long(
    const char *start, char filler, const char *end, size_t len, size_t chunk, const char *expected)
{
	struct buf html, got;
	buf_init(&html, 4 * EXTRACT_TAG_MAX);
	buf_init(&got, 3 * EXTRACT_TAG_MAX);
	buf_append_text(&html, "<a href=1>");
	size_t from = html.len;
	buf_append_text(&html, start);
	while (html.len - from + strlen(end) < len)
		buf_append_byte(&html, filler);
	buf_append_text(&html, end);
	buf_append_text(&html, "<a href=2>");
	extract_reset(page);
	for (size_t at = 0; at < html.len; at += chunk)
		extract_feed(page, html.data + at, html.len - at < chunk ? html.len - at : chunk, note, &got);
	extract_finish(page, note, &got);
	cr_expect(
	    is(&got, expected), "%s...%s of %zu in chunks of %zu: %.60s", start, end, len, chunk, got.data);
	buf_release(&html);
	buf_release(&got);
}

Test(extract, a_tag_may_be_long_but_not_longer)
{
	static const size_t chunks[] = {4 * EXTRACT_TAG_MAX, 16384, 1000, 7};
	static const struct {
		const char *start;
		char filler;
		const char *end;
		const char *shorter;
		const char *longer;
	} shapes[] = {
	    {.start = "<a href=x b=\"",
	        .filler = ' ',
	        .end = "\">",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a href=x b=\"<a href=y>",
	        .filler = ' ',
	        .end = "<a href=z>\">",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a href=x b='\"",
	        .filler = '>',
	        .end = "'>",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a b=",
	        .filler = '"',
	        .end = " href=x>",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a b",
	        .filler = '\'',
	        .end = " href=x>",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a b",
	        .filler = ' ',
	        .end = "='>' href=x>",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a b=",
	        .filler = ' ',
	        .end = "'>' href=x>",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a ",
	        .filler = '/',
	        .end = "='>' href=x>",
	        .shorter = "a=1 a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<a href=x b='c'",
	        .filler = ' ',
	        .end = ">",
	        .shorter = "a=1 a=x a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<style ",
	        .filler = 'b',
	        .end = "></styl></style>",
	        .shorter = "a=1 a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<style ", .filler = 'b', .end = ">", .shorter = "a=1 ", .longer = "a=1 "},
	    {.start = "<svg ",
	        .filler = 'b',
	        .end = "/><![CDATA[>",
	        .shorter = "a=1 a=2 ",
	        .longer = "a=1 a=2 "},
	    {.start = "<svg b=", .filler = 'b', .end = "/><![CDATA[>", .shorter = "a=1 ", .longer = "a=1 "},
	    {.start = "</a b='", .filler = 'b', .end = "'>", .shorter = "a=1 a=2 ", .longer = "a=1 a=2 "},
	    {.start = "<q", .filler = 'b', .end = ">", .shorter = "a=1 a=2 ", .longer = "a=1 a=2 "},
	    {.start = "<a b=\"", .filler = 'b', .end = "", .shorter = "a=1 ", .longer = "a=1 "},
	    {.start = "<!--", .filler = '<', .end = "-->", .shorter = "a=1 a=2 ", .longer = "a=1 a=2 "},
	};
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
			bool whole_tag = shapes[i].end[0] && shapes[i].end[strlen(shapes[i].end) - 1] == '>';
			size_t most = EXTRACT_TAG_MAX;
			expect_long(shapes[i].start, shapes[i].filler, shapes[i].end, most, chunks[k],
			    shapes[i].shorter);
			if (whole_tag)
				expect_long(shapes[i].start, shapes[i].filler, shapes[i].end, most + 1,
				    chunks[k], shapes[i].longer);
			expect_long(shapes[i].start, shapes[i].filler, shapes[i].end, 2 * most + 99,
			    chunks[k], shapes[i].longer);
		}
}

/* Byte by byte, so that the tag is given up right in front of its '>'. */
Test(extract, a_tag_that_was_too_long_may_close_itself)
{
	struct buf html, got;
	buf_init(&html, 2 * EXTRACT_TAG_MAX);
	buf_init(&got, 1 << 10);
	buf_append_text(&html, "<svg ");
	while (html.len < EXTRACT_TAG_MAX)
		buf_append_byte(&html, 'b');
	buf_append_text(&html, "/><![CDATA[><a href=1>");
	for (size_t i = 0; i < html.len; i++)
		extract_feed(page, html.data + i, 1, note, &got);
	extract_finish(page, note, &got);
	cr_expect(is(&got, "a=1 "), "%.*s", (int)got.len, got.data);
	buf_release(&html);
	buf_release(&got);
}

Test(extract, offsets_behind_a_tag_that_was_too_long)
{
	struct buf html;
	struct seen seen = {0};
	buf_init(&html, 3 * EXTRACT_TAG_MAX);
	buf_append_text(&html, "<img src='");
	while (html.len < 2 * EXTRACT_TAG_MAX)
		buf_append_byte(&html, 'b');
	buf_append_text(&html, "'>");
	size_t at = html.len;
	buf_append_text(&html, "<a href=1>");
	for (size_t i = 0; i < html.len; i += 5000)
		extract_feed(page, html.data + i, html.len - i < 5000 ? html.len - i : 5000, remember, &seen);
	extract_finish(page, remember, &seen);
	cr_expect_eq(seen.count, 1);
	cr_expect_eq(seen.last.offset, at);
	buf_release(&html);
}

Test(extract, deep_foreign_nesting_is_counted)
{
	struct buf html, got;
	buf_init(&html, 1 << 20);
	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < 3000; i++)
		buf_append_text(&html, "<svg>");
	for (size_t i = 0; i < 3000; i++)
		buf_append_text(&html, "</svg>");
	buf_append_text(&html, "<style><a href=x></style><a href=y>");
	feed_cut(page, html.data, html.len, 9000, &got);
	cr_expect(is(&got, "a=y "), "%.*s", (int)got.len, got.data);
	buf_release(&html);
	buf_release(&got);
}

Test(extract, attribute)
{
	static const struct {
		const char *tag, *name, *value;
	} cases[] = {
	    {.tag = "<meta charset=utf-8>", .name = "charset", .value = "utf-8"},
	    {.tag = "<META CHARSET='a b'>", .name = "charset", .value = "a b"},
	    {.tag = "<meta/charset=\"\">", .name = "charset", .value = ""},
	    {.tag = "<meta charset>", .name = "charset", .value = ""},
	    {.tag = "<meta charset/>", .name = "charset", .value = ""},
	    {.tag = "<meta charset = \n x>", .name = "charset", .value = "x"},
	    {.tag = "<meta content='charset=x' charset=y>", .name = "charset", .value = "y"},
	    {.tag = "<meta a=b charset=x charset=y>", .name = "charset", .value = "x"},
	    {.tag = "<meta charset=x/>", .name = "charset", .value = "x/"},
	    {.tag = "<meta charset=a\"b'c>", .name = "charset", .value = "a\"b'c"},
	    {.tag = "<meta =charset=x>", .name = "charset", .value = NULL},
	    {.tag = "<meta>", .name = "charset", .value = NULL},
	    {.tag = "<meta/>", .name = "charset", .value = NULL},
	    {.tag = "<charset>", .name = "charset", .value = NULL},
	    {.tag = "<charset charset=x>", .name = "charset", .value = "x"},
	    {.tag = "<meta b='c'charset='x'>", .name = "charset", .value = "x"},
	    {.tag = "<meta charsets=x>", .name = "charset", .value = NULL},
	    {.tag = "<meta charse=x>", .name = "charset", .value = NULL},
	    {.tag = "<meta http-equiv=Refresh CONTENT='5; url=x'>", .name = "content", .value = "5; url=x"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice value = extract_attribute(patterns, slice_of(cases[i].tag), cases[i].name);
		cr_expect_eq(value.data == NULL, cases[i].value == NULL, "case %zu", i);
		if (value.data && cases[i].value)
			cr_expect(slice_equal(value, slice_of(cases[i].value)), "case %zu: %.*s", i,
			    (int)value.len, value.data);
	}
}

/* The tags are those that the patterns treat in different ways: common ones, those that change the state,
 * others. */
Test(extract, all_wanted_attributes_of_a_tag)
{
	static const struct sample samples[] = {
	    {"<img src=x>", "img.src=x "},
	    {"<img src>", "img.src= "},
	    {"<img src=>", "img.src= "},
	    {"<IMG SRC='x'SRCSET=\"y\"src=z>", "IMG.src=x IMG.srcset=y "},
	    {"<img srcset = x src\n=\ny / longdesc>", "img.srcset=x img.src=y img.longdesc= "},
	    {"<img src=\"a>b\" href='c' alt=\"<img src=no>\">", "img.src=a>b img=c "},
	    {"<img s src2=a xsrc=b src.=c =src=d 'src=e src-set=f srcsets=g>", ""},
	    {"<img alt=src src=x>", "img.src=x "},
	    {"<img alt=' src=no' src=x>", "img.src=x "},
	    {"<img src=' src=no>", ""},
	    {"<video class=\"c\" poster=p src=s>", "video.poster=p video.src=s "},
	    {"<div class=\"c\" src=s><q cite=c>", "q.cite=c "},
	    {"<form action=a><form action=b>", "form.action=a "},
	    {"<iframe src=a><img src=b></iframe><img src=c>", "iframe.src=a img.src=c "},
	    {"<script src=a><img src=b></script>", "script.src=a "},
	    {"<svg xlink:href=a><use xlink:href=b src=c href=d /></svg><a xlink:href=e>",
	        "svg.xlink:href=a use.xlink:href=b use=d "},
	    {"<p id=a name=b><a name=c id=d href=e id=f>", "#p.id=a #a.name=c #a.id=d a=e "},
	    {"<svg><a name=a id=b>", "#a.id=b "},
	    {"<meta id=m http-equiv=refresh content=c>", "meta:meta #meta.id=m "},
	    {"<base id=b href=x target=t><svg><base href=y id=z>", "#base.id=b base:base=x #base.id=z "},
	    {"</img src=x></form action=y><!-- <img src=x> --><a href=x", ""},
	    {"<template><img src=a id=b></template><image src=c>", "image.src=c "},
	    {"<body id=a background=b><p><body id=c background=d href=e>",
	        "#body.id=a body.background=b body=e "},
	};
	expect_all(ATTRIBUTES_OF_LINKS | ATTRIBUTES_OF_ANCHORS, samples, COUNT_OF(samples));
}

Test(extract, attribute_reads_nul_bytes)
{
	struct slice tag = {"<a\0b c=d href=x>", 16};
	cr_expect(slice_equal(extract_attribute(patterns, tag, "href"), slice_of("x")));
	cr_expect_null(extract_attribute(patterns, tag, "b").data);
}

Test(extract_element, is_found_by_its_name_in_any_letter_case)
{
	/* the first and the last of some letters, and some that are none */
	static const struct {
		const char *name;
		bool known;
	} cases[] = {{"a", true}, {"aside", true}, {"b", true}, {"button", true}, {"colgroup", true},
	    {"embed", true}, {"footer", true}, {"HTML", true}, {"Input", true}, {"kbd", true}, {"link", true},
	    {"mtext", true}, {"noscript", true}, {"optgroup", true}, {"q", true}, {"ruby", true},
	    {"svg", true}, {"tt", true}, {"u", true}, {"ul", true}, {"var", true}, {"wbr", true},
	    {"xmp", true}, {"", false}, {"aa", false}, {"an", false}, {"d", false}, {"y", false},
	    {"z", false}, {"{", false}, {"`", false}, {"svgx", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct extract_element *found = extract_element_find(slice_of(cases[i].name));
		if (cases[i].known)
			cr_expect_str_eq(found->name, cases[i].name[0] < 'a' ? found->name : cases[i].name);
		cr_expect_eq(*found->name != '\0', cases[i].known, "%s", cases[i].name);
	}
}
