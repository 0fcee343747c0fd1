/* Documents that reach for what is not theirs: nothing is opened but the server's own responses. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Everything that a document can name: entities in text and in attributes, document types, parameter
 * entities, XInclude, schemas, style sheets. FILE has links, and nobody writes to PIPE. */
#define FILE "@"
#define PIPE "~"
static const char names_all[] =
    "<?xml-stylesheet href='file://" FILE "'?><!DOCTYPE a PUBLIC 'x' 'file://" FILE "' ["
    "<!ENTITY file SYSTEM 'file://" FILE "'><!ENTITY bare SYSTEM '" FILE "'>"
    "<!ENTITY pipe SYSTEM 'file://" PIPE "'><!ENTITY stdin SYSTEM '/dev/stdin'>"
    "<!ENTITY % p SYSTEM 'file://" FILE "'> %p;<!ENTITY % q PUBLIC 'x' '" PIPE "'> %q;"
    "<!ENTITY in '&file;&pipe;'><!NOTATION n SYSTEM '" FILE "'>]>"
    "<a href='before' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='x " FILE "'"
    " xsi:noNamespaceSchemaLocation='file://" FILE "' xml:base='file://" FILE "'>"
    "&file;&bare;&pipe;&stdin;&in;"
    "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='file://" FILE "'/>"
    "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='" PIPE
    "' parse='text'/><b href='behind'/></a>";

/* The same without an external subset, where what is not declared is an error. */
static const char names_parameters[] =
    "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file://" FILE "'> %p;<!ENTITY % q SYSTEM '" PIPE "'> %q;]>"
    "<a xmlns='http://www.w3.org/1999/xhtml' href='before'><a href='behind'/></a>";

/* In the text of links. */
static const char names_in_links[] =
    "<!DOCTYPE urlset PUBLIC 'x' 'file://" FILE "' [<!ENTITY file SYSTEM 'file://" FILE "'>"
    "<!ENTITY pipe SYSTEM 'file://" PIPE "'><!ENTITY stdin SYSTEM '/dev/stdin'><!ENTITY in '&file;&pipe;'>]>"
    "<urlset><url><loc>&file;</loc></url><url><loc>before&pipe;</loc></url><url><loc>&stdin;&in;</loc></url>"
    "<url><loc><i:include xmlns:i='http://www.w3.org/2001/XInclude' href='" PIPE
    "' parse='text'/></loc></url>"
    "<url><loc>be&file;hind</loc></url></urlset>";

static void write_page(struct buf *page, const char *text, const char *file, const char *pipe)
{
	for (const char *at = text; *at; at++) {
		if (*at == *FILE)
			buf_append_text(page, file);
		else if (*at == *PIPE)
			buf_append_text(page, pipe);
		else
			buf_append_byte(page, *at);
	}
}

/* Reads such a page, with the list on stdin, under strace, which knows all that is opened. */
static void check_opens_nothing(
    struct site *site, struct scratch *scratch, const char *text, const char *type, const char *xpath)
{
	struct run_result result;
	struct buf page;
	char list[16384], *log;
	const char *file = scratch_path(scratch, "canary.xml"), *pipe = scratch_path(scratch, "canary-pipe");
	const char *trace = scratch_path(scratch, "trace");
	buf_init(&page, SIZE_MAX / 2);
	write_page(&page, text, file, pipe);
	snprintf(list, sizeof list, "%s\n%s\n", site_page(site, "type", type, "body", page.data),
	    site_page(site, "links", "1"));
	/* LeakSanitizer does what strace does, and the system has room for one of them. */
	struct run_options options = {
	    .input = list, .env = (const char *const[]){"ASAN_OPTIONS=detect_leaks=0", NULL}};
	const char *const args[] = {"-f", "-qq", "-e", "trace=%file,memfd_create", "-o", trace,
	    run_areq_name(), "--no-header", "-r", "0", xpath ? "--xpath" : NULL, xpath, NULL};
	run_program(&result, &options, "strace", args);
	run_expect_exit(&result, 0);
	log = scratch_read(scratch, "trace", NULL);
	cr_expect(strstr(log, "openat("), "strace has seen nothing: %s", log);
	cr_expect_not(strstr(log, "canary"), "%s", log);
	cr_expect_not(strstr(log, "/dev/stdin"), "%s", log);
	cr_expect(strstr(result.out, "/_/before\n"), "%s", result.out);
	cr_expect(strstr(result.out, "/_/behind\n"), "%s", result.out);
	cr_expect(strstr(result.out, "/_/link1\n"), "the list was read to its end: %s", result.out);
	cr_expect_not(strstr(result.out, "stolen"), "%s", result.out);
	free(log);
	buf_release(&page);
	run_release(&result);
}

Test(hostile, documents_open_nothing)
{
	static const char *const types[] = {"application/xhtml+xml", "text/xml", "image/svg+xml"};
	struct site site;
	struct scratch scratch;
	site_start(&site);
	scratch_init(&scratch);
	scratch_write(&scratch, "canary.xml", "<c href='stolen'/>");
	cr_assert_eq(mkfifo(scratch_path(&scratch, "canary-pipe"), 0600), 0);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		check_opens_nothing(&site, &scratch, names_all, types[i], NULL);
		check_opens_nothing(&site, &scratch, names_all, types[i], "//@href");
		check_opens_nothing(&site, &scratch, names_in_links, types[i], NULL);
		check_opens_nothing(&site, &scratch, names_parameters, types[i], NULL);
		check_opens_nothing(&site, &scratch, names_parameters, types[i], "//@href");
	}
	check_opens_nothing(&site, &scratch, names_all, "text/html", "//@href");
	scratch_release(&scratch);
	site_stop(&site);
}
