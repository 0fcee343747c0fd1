/* Which encoding a page is in: charset_detect and charset_from_meta. */
#include "link/charset/charset.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(all)     (sizeof(all) / sizeof *(all))
#define BYTES(literal) literal, sizeof(literal) - 1
#define HEAD(literal)  .head = literal, .len = sizeof(literal) - 1

static struct slice maybe(const char *text)
{
	return text ? slice_of(text) : (struct slice){NULL, 0};
}

static const char *name_of(const struct charset *charset)
{
	return charset ? charset_name(charset) : "none";
}

/* head lies flush against the end of its memory, so that a sanitizer sees a byte read behind it. */
static struct charset_guess detect(const char *content_type, const char *head, size_t len)
{
	char *flush = malloc(len ? len : 1);
	memcpy(flush, head, len);
	struct charset_guess guess = charset_detect(maybe(content_type), (struct slice){flush, len});
	free(flush);
	return guess;
}

Test(charset_detect, byte_order_marks_come_first)
{
	static const struct {
		const char *head;
		size_t len;
		const char *name;
		size_t bom_len;
	} cases[] = {
	    {HEAD("\xEF\xBB\xBF<meta charset=gbk>"), .name = "UTF-8", .bom_len = 3},
	    {HEAD("\xFE\xFF\0<"), .name = "UTF-16BE", .bom_len = 2},
	    {HEAD("\xFF\xFE<\0"), .name = "UTF-16LE", .bom_len = 2},
	    {HEAD("\xFF\xFE"), .name = "UTF-16LE", .bom_len = 2},
	    {HEAD("\xFF\xFE\0\0"), .name = "UTF-16LE", .bom_len = 2},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct charset_guess guess = detect("text/html; charset=koi8-r", cases[i].head, cases[i].len);
		cr_expect_str_eq(name_of(guess.charset), cases[i].name, "case %zu", i);
		cr_expect(
		    guess.confidence == CHARSET_CERTAIN && guess.bom_len == cases[i].bom_len, "case %zu", i);
	}
	struct charset_guess guess = detect("text/html; charset=koi8-r", BYTES("\xEF\xBB"));
	cr_expect_str_eq(name_of(guess.charset), "KOI8-R");
	cr_expect(guess.bom_len == 0);
}

/* Fetch: "extract a MIME type"; MIME Sniffing: "parse a MIME type". */
Test(charset_detect, content_type)
{
	static const struct {
		const char *value;
		const char *name;
	} cases[] = {
	    {"text/html; charset=utf-8", "UTF-8"},
	    {"text/html;charset=UTF-8", "UTF-8"},
	    {"  text/html ;\t CHARSET=Shift_JIS  ", "Shift_JIS"},
	    {"text/html; charset=\"gbk\"", "GBK"},
	    {"text/html; charset=\"g\\bk\"", "GBK"},
	    {"text/html; charset=\"gbk", "GBK"},
	    {"text/html; charset=\" gbk \"", "GBK"},
	    {"text/html; charset=\"gbk\"junk; charset=big5", "GBK"},
	    {"text/html; a=\"; charset=gbk\"; charset=big5", "Big5"},
	    {"text/html; charset=gbk; charset=big5", "GBK"},
	    {"text/html; charset=nonsense; charset=big5", "none"},
	    {"text/html; charset=; charset=big5", "Big5"},
	    {"text/html; charset; charset=big5", "Big5"},
	    {"text/html; charset=\"\"; charset=big5", "none"},
	    {"text/html;;; charset=big5;", "Big5"},
	    {"text/html; charset=gbk\f; charset=big5", "Big5"},
	    {"text/html; charset=\"gbk\x7F\"; charset=big5", "Big5"},
	    {"text/html; xcharset=gbk", "none"},
	    {"text/html; charset =gbk", "none"},
	    {"text/html; charset='gbk'", "none"},
	    {"text/html", "none"},
	    {"text/html;", "none"},
	    {"", "none"},
	    {"charset=gbk", "none"},
	    {"text; charset=gbk", "none"},
	    {"/; charset=gbk", "none"},
	    {"text/; charset=gbk", "none"},
	    {"te xt/html; charset=gbk", "none"},
	    {"x/x; charset=gbk", "GBK"},
	    {"text/html; charset=utf-16", "UTF-16LE"},
	    {"text/html; charset=x-user-defined", "x-user-defined"},
	    {"text/html; charset=gbk, text/html", "GBK"},
	    {"text/html; charset=gbk, text/html; charset=big5", "Big5"},
	    {"text/html; charset=gbk, TEXT/html; a=b", "GBK"},
	    {"text/html; charset=gbk, text/plain", "none"},
	    {"text/html; charset=gbk, */*", "GBK"},
	    {"text/html; charset=gbk,", "GBK"},
	    {",text/html; charset=gbk", "GBK"},
	    {"text/html; a=\",\"; charset=gbk", "GBK"},
	    {"text/html; charset=0123456789012345678901234567890123456789012345678901234567890123456789",
	        "none"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct charset_guess guess = detect(cases[i].value, "<p>", 3);
		cr_expect_str_eq(name_of(guess.charset), cases[i].name, "case %zu: %s", i, cases[i].value);
		cr_expect(guess.confidence == (guess.charset ? CHARSET_CERTAIN : CHARSET_UNKNOWN));
	}
}

Test(charset_detect, content_type_stands_above_the_page)
{
	struct charset_guess guess = detect("text/html; charset=gbk", BYTES("<meta charset=big5>"));
	cr_expect_str_eq(name_of(guess.charset), "GBK");
	guess = detect("text/html; charset=nonsense", BYTES("<meta charset=big5>"));
	cr_expect_str_eq(name_of(guess.charset), "Big5");
	cr_expect(guess.confidence == CHARSET_TENTATIVE);
}

Test(charset_detect, prescan)
{
	static const struct {
		const char *head;
		const char *name;
	} cases[] = {
	    {"<meta charset=big5>", "Big5"},
	    {"<META CHARSET='Big5'>", "Big5"},
	    {"<meta/charset=\"big5\"/>", "Big5"},
	    {"<meta\tcharset\n=\f big5 >", "Big5"},
	    {"<meta a b=c =d charset=big5>", "Big5"},
	    {"<meta charset=big5/>", "none"},
	    {"<meta charset=big5", "none"},
	    {"<meta charset=\"big5\"", "none"},
	    {"<meta charset=\"big5>", "none"},
	    {"<meta charset=big5 ", "none"},
	    {"<meta charset=big5 x", "none"},
	    {"<meta = charset=big5>", "Big5"},
	    {"<meta =charset=big5>", "none"},
	    {"<metacharset=big5>", "none"},
	    {"<metax charset=big5>", "none"},
	    {"<meta charset=gbk charset=big5>", "GBK"},
	    {"<meta charset=utf-16le>", "UTF-8"},
	    {"<meta charset=utf-16be>", "UTF-8"},
	    {"<meta charset=x-user-defined>", "windows-1252"},
	    {"<meta charset=nonsense><meta charset=big5>", "Big5"},
	    {"<meta http-equiv=Content-Type content='text/html; charset=big5'>", "Big5"},
	    {"<meta content='text/html; charset=big5' http-equiv=CONTENT-TYPE>", "Big5"},
	    {"<meta content='text/html; charset=big5'>", "none"},
	    {"<meta http-equiv=refresh content='text/html; charset=big5'>", "none"},
	    {"<meta http-equiv=refresh http-equiv=content-type content='charset=big5'>", "none"},
	    {"<meta content='charset=big5' charset=gbk>", "GBK"},
	    {"<meta charset=gbk http-equiv=content-type content='charset=big5'>", "GBK"},
	    {"<meta charset=nonsense http-equiv=content-type content='charset=big5'>", "none"},
	    {"<!-- <meta charset=gbk> --><meta charset=big5>", "Big5"},
	    {"<!--><meta charset=big5>", "Big5"},
	    {"<!---><meta charset=big5>", "Big5"},
	    {"<!-- -- > <meta charset=gbk> --!> -->", "none"},
	    {"<!-- <meta charset=big5>", "none"},
	    {"<!doctype html [<meta charset=gbk>]><meta charset=big5>", "Big5"},
	    {"<! <meta charset=gbk><meta charset=big5>", "Big5"},
	    {"<?php <meta charset=gbk><meta charset=big5>", "Big5"},
	    {"</ <meta charset=gbk><meta charset=big5>", "Big5"},
	    {"<p title='<meta charset=gbk>'><meta charset=big5>", "Big5"},
	    {"</p title='<meta charset=gbk>'><meta charset=big5>", "Big5"},
	    {"<p title=\"<meta charset=gbk>", "none"},
	    {"<p<meta charset=gbk><meta charset=big5>", "Big5"},
	    {"<script><meta charset=gbk></script><meta charset=big5>", "GBK"},
	    {"<1><meta charset=big5>", "Big5"},
	    {"<<meta charset=big5>", "Big5"},
	    {"<", "none"},
	    {"<m", "none"},
	    {"<meta", "none"},
	    {"<!", "none"},
	    {"<!--", "none"},
	    {"", "none"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct charset_guess guess = detect(NULL, cases[i].head, strlen(cases[i].head));
		cr_expect_str_eq(name_of(guess.charset), cases[i].name, "case %zu: %s", i, cases[i].head);
		cr_expect(guess.confidence == (guess.charset ? CHARSET_TENTATIVE : CHARSET_UNKNOWN));
	}
}

Test(charset_detect, xml_declaration)
{
	static const struct {
		const char *head;
		const char *name;
	} cases[] = {
	    {"<?xml version='1.0' encoding='big5'?><html>", "Big5"},
	    {"<?xml version=\"1.0\" encoding = \"big5\" ?>", "Big5"},
	    {"<?xml encoding\v=\x01'big5'?>", "Big5"},
	    {"<?xmlencoding='big5'>", "Big5"},
	    {"<?xml encoding='big5'?><meta charset=gbk>", "GBK"},
	    {"<?xml encoding='big5'?><meta charset=gbk", "Big5"},
	    {"<?xml encoding='utf-16'?>", "UTF-8"},
	    {"<?xml encoding='big5 '?>", "none"},
	    {"<?xml encoding=big5?>", "none"},
	    {"<?xml encoding='big5?>", "none"},
	    {"<?xml encoding='big5'", "none"},
	    {"<?xml encoding?>", "none"},
	    {"<?xml ENCODING='big5'?>", "none"},
	    {"<?xml?><p encoding='big5'>", "none"},
	    {"<?XML encoding='big5'?>", "none"},
	    {" <?xml encoding='big5'?>", "none"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct charset_guess guess = detect(NULL, cases[i].head, strlen(cases[i].head));
		cr_expect_str_eq(name_of(guess.charset), cases[i].name, "case %zu: %s", i, cases[i].head);
	}
	cr_expect_str_eq(name_of(detect(NULL, BYTES("<\0?\0x\0m\0l\0")).charset), "UTF-16LE");
	cr_expect_str_eq(name_of(detect(NULL, BYTES("\0<\0?\0x\0m\0l")).charset), "UTF-16BE");
	cr_expect_null(detect(NULL, BYTES("<\0?\0x")).charset);
}

Test(charset_detect, the_prescan_ends)
{
	static const char meta[] = "<meta charset=big5>";
	char head[2 * CHARSET_PRESCAN];
	memset(head, ' ', sizeof head);
	memcpy(head + CHARSET_PRESCAN - strlen(meta), meta, strlen(meta));
	cr_expect_str_eq(name_of(detect(NULL, head, sizeof head).charset), "Big5");
	memset(head, ' ', sizeof head);
	memcpy(head + CHARSET_PRESCAN - strlen(meta) + 1, meta, strlen(meta));
	cr_expect_null(detect(NULL, head, sizeof head).charset);
}

/* HTML 13.2.6.4.4, the start tag "meta", and 2.5.3 for content. */
Test(charset_from_meta, attributes)
{
	static const struct {
		const char *charset;
		const char *http_equiv;
		const char *content;
		const char *name;
	} cases[] = {
	    {.charset = "big5", .http_equiv = NULL, .content = NULL, .name = "Big5"},
	    {.charset = " Big5\n", .http_equiv = NULL, .content = NULL, .name = "Big5"},
	    {.charset = "utf-16", .http_equiv = NULL, .content = NULL, .name = "UTF-8"},
	    {.charset = "unicodefffe", .http_equiv = NULL, .content = NULL, .name = "UTF-8"},
	    {.charset = "x-user-defined", .http_equiv = NULL, .content = NULL, .name = "windows-1252"},
	    {.charset = "big5", .http_equiv = "content-type", .content = "charset=gbk", .name = "Big5"},
	    {.charset = "nonsense", .http_equiv = "content-type", .content = "charset=gbk", .name = "GBK"},
	    {.charset = "", .http_equiv = NULL, .content = NULL, .name = "none"},
	    {.charset = NULL, .http_equiv = NULL, .content = NULL, .name = "none"},
	    {.charset = NULL,
	        .http_equiv = "Content-Type",
	        .content = "text/html; charset=gbk",
	        .name = "GBK"},
	    {.charset = NULL,
	        .http_equiv = "content-type ",
	        .content = "text/html; charset=gbk",
	        .name = "none"},
	    {.charset = NULL, .http_equiv = "refresh", .content = "text/html; charset=gbk", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = NULL, .name = "none"},
	    {.charset = NULL, .http_equiv = NULL, .content = "charset=gbk", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=gbk", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "CharSet \t=\r\n gbk", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "xcharset=gbk", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset charset=gbk", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset;charset=gbk", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=gbk;x", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=gbk x", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=gbk,x", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset='gbk'x", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=\"gbk\"", .name = "GBK"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=\"gbk", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset='gbk\"", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=gbk'", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset='", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset", .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charse", .name = "none"},
	    {.charset = NULL,
	        .http_equiv = "content-type",
	        .content = "charset=nonsense charset=gbk",
	        .name = "none"},
	    {.charset = NULL, .http_equiv = "content-type", .content = "charset=utf-16be", .name = "UTF-8"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct charset *charset = charset_from_meta(
		    maybe(cases[i].charset), maybe(cases[i].http_equiv), maybe(cases[i].content));
		cr_expect_str_eq(name_of(charset), cases[i].name, "case %zu", i);
	}
}
