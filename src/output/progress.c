#include "output/progress.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/screen.h"
#include "output/number_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The rates are those of the last ten seconds, or, with --delay or --rate, of the last 20 times between two
 * starts if that is longer: otherwise a slow run would have no rate, or one that jumps with each page. */
enum { SAMPLES = 20, SAMPLE_EVERY_MS = 500 };

/* A response that has taken less time is not yet waited for. */
enum { WAITING_MIN_MS = 1000 };

struct sample {
	int64_t time_ms;
	uint64_t pages, bytes;
};

struct progress {
	/* a ring buffer; once it is full, the oldest is at sample_count % SAMPLES */
	struct sample samples[SAMPLES];
	size_t sample_count;
	int64_t sample_every_ms;
};

static bool is_stdout(const char *name)
{
	return name && strcmp(name, "-") == 0;
}

/* True if output to fd cannot appear on the screen: fd is closed, a regular file, or a device such as
 * /dev/null. */
static bool is_off_screen(int fd)
{
	struct stat info;
	return fstat(fd, &info) != 0 || S_ISREG(info.st_mode) || (S_ISCHR(info.st_mode) && !isatty(fd));
}

bool progress_is_wanted(const struct options *options)
{
	bool to_stdout = !options->output || is_stdout(options->output) || is_stdout(options->report) ||
	                 is_stdout(options->failed) || is_stdout(options->elsewhere);
	switch (options->progress) {
	case WHEN_NEVER:
		return false;
	case WHEN_ALWAYS:
		return !to_stdout || !isatty(STDOUT_FILENO);
	case WHEN_AUTO:
		break;
	}
	return screen_has_control_sequences() && !options->quiet && !options->verbose &&
	       (!to_stdout || is_off_screen(STDOUT_FILENO));
}

/* One segment of the progress line. */
struct segment {
	enum log_style style;
	bool shown;
	char text[64];
};

/* The segments in their order on the line. */
enum { DONE, FAILED, SKIPPED, IN_FLIGHT, LEFT, DEPTH, PAGES, BYTES, TO_GO, SEGMENTS };

static const int by_importance[SEGMENTS] = {
    DONE, LEFT, FAILED, TO_GO, DEPTH, IN_FLIGHT, PAGES, SKIPPED, BYTES};

static const char separator[] = ", ";
enum { SEPARATOR_LEN = sizeof separator - 1 };

static void format_count(struct segment *segment, uint64_t count, const char *what)
{
	snprintf(segment->text, sizeof segment->text, "%" PRIu64 " %s", count, what);
}

static void format_left(struct segment *segment, const struct run_progress *progress)
{
	uint64_t left = progress->waiting;
	const char *about = progress->unread > 0 ? "~" : "", *more = progress->unread < 0 ? "+" : "";
	if (progress->unread > 0)
		left += (uint64_t)progress->unread;
	if (left > 0 || *more)
		snprintf(segment->text, sizeof segment->text, "%s%" PRIu64 "%s left", about, left, more);
}

static void format_page_rate(struct segment *segment, double per_second)
{
	/* Below that, one decimal of pages per second says nothing. */
	bool is_slow = per_second > 0 && per_second < 0.1;
	char text[NUMBER_TEXT_MAX];
	if (per_second < 0)
		return;
	number_text_number(text, is_slow ? per_second * 60 : per_second);
	snprintf(segment->text, sizeof segment->text, "%s pages/%s", text, is_slow ? "min" : "s");
}

static void format_byte_rate(struct segment *segment, double per_second)
{
	char text[NUMBER_TEXT_MAX];
	if (per_second < 0)
		return;
	number_text_bytes(text, per_second);
	snprintf(segment->text, sizeof segment->text, "%s/s", text);
}

static void format_time_left(struct segment *segment, double seconds)
{
	int64_t all = seconds < 1e9 ? (int64_t)(seconds + 0.5) : 1000000000;
	int64_t hours = all / 3600, minutes = all / 60 % 60, rest = all % 60;
	if (hours > 0)
		snprintf(segment->text, sizeof segment->text, "%" PRId64 ":%02" PRId64 ":%02" PRId64 " to go",
		    hours, minutes, rest);
	else
		snprintf(
		    segment->text, sizeof segment->text, "%" PRId64 ":%02" PRId64 " to go", minutes, rest);
}

/* True if nothing happens but that the run waits: for responses that take long, or until hosts may be asked
 * again. */
static bool is_only_waiting(const struct run_progress *progress)
{
	bool is_response_late = progress->waiting == 0 && progress->awaited_ms >= WAITING_MIN_MS;
	return progress->unread == 0 && progress->awaited && (progress->in_flight == 0 || is_response_late);
}

static void fill_segments(
    struct segment segments[SEGMENTS], const struct run_progress *progress, const struct progress_rates *pace)
{
	const uint64_t *outcomes = progress->so_far->outcomes;
	format_count(&segments[DONE], outcomes[OUTCOME_OK], "done");
	segments[DONE].style = LOG_GREEN;
	if (outcomes[OUTCOME_FAILED])
		format_count(&segments[FAILED], outcomes[OUTCOME_FAILED], "failed");
	segments[FAILED].style = LOG_RED;
	if (outcomes[OUTCOME_SKIPPED])
		format_count(&segments[SKIPPED], outcomes[OUTCOME_SKIPPED], "skipped");
	if (progress->in_flight)
		format_count(&segments[IN_FLIGHT], progress->in_flight, "in flight");
	format_left(&segments[LEFT], progress);
	if (progress->is_crawl)
		snprintf(
		    segments[DEPTH].text, sizeof segments[DEPTH].text, "depth %" PRIu32, progress->depth);
	if (is_only_waiting(progress))
		return;
	segments[PAGES].style = segments[BYTES].style = segments[TO_GO].style = LOG_DIM;
	format_page_rate(&segments[PAGES], pace->pages);
	format_byte_rate(&segments[BYTES], pace->bytes);
	/* How much a crawl will find is not known. */
	if (pace->seconds >= 0 && !progress->is_crawl)
		format_time_left(&segments[TO_GO], pace->seconds);
}

/* Chooses the segments that fit into the line, and returns the number of columns that they take. */
static size_t choose_segments(struct segment segments[SEGMENTS], size_t columns)
{
	size_t used = 0;
	for (int i = 0; i < SEGMENTS; i++) {
		struct segment *segment = &segments[by_importance[i]];
		size_t len = strlen(segment->text) + (used ? SEPARATOR_LEN : 0);
		if (!*segment->text)
			continue;
		/* A less important segment that is short enough is not shown instead: it would often appear
		 * and disappear. */
		if (used + len > columns)
			break;
		segment->shown = true;
		used += len;
	}
	return used;
}

/* Appends a host without a default port ("www.example.com" for "www.example.com:443"), cut to `room`
 * columns. */
static void append_host(struct buf *line, const char *host, size_t room)
{
	size_t len = strlen(host);
	const char *port = strrchr(host, ':');
	if (port && (strcmp(port, ":443") == 0 || strcmp(port, ":80") == 0))
		len = (size_t)(port - host);
	if (len <= room)
		log_append(line, LOG_YELLOW, "%.*s", (int)len, host);
	else
		log_append(line, LOG_YELLOW, "%.*s..", (int)(room - 2), host);
}

static void append_awaited(struct buf *line, const struct run_progress *progress, size_t columns)
{
	enum { HOST_MIN = 8 };
	static const char before[] = ", waiting for ";
	char after[64];
	int64_t seconds = (progress->awaited_ms < 0 ? -progress->awaited_ms : progress->awaited_ms) / 1000;
	snprintf(after, sizeof after,
	    progress->awaited_ms < 0 ? ", again in %" PRId64 " s" : ", %" PRId64 " s", seconds);
	size_t min_columns = sizeof before - 1 + HOST_MIN;
	if (columns < min_columns)
		return;
	size_t room = columns - (sizeof before - 1);
	bool shows_time = room >= HOST_MIN + strlen(after);
	log_append(line, LOG_PLAIN, "%s", before);
	append_host(line, progress->awaited, shows_time ? room - strlen(after) : room);
	if (shows_time)
		log_append(line, LOG_DIM, "%s", after);
}

void progress_line(
    struct buf *line, const struct run_progress *progress, const struct progress_rates *pace, size_t columns)
{
	struct segment segments[SEGMENTS] = {0};
	fill_segments(segments, progress, pace);
	size_t used = choose_segments(segments, columns);
	if (used == 0)
		log_append(line, segments[DONE].style, "%.*s", (int)columns, segments[DONE].text);
	bool first = true;
	for (int i = 0; i < SEGMENTS; i++) {
		if (!segments[i].shown)
			continue;
		log_append(line, LOG_PLAIN, "%s", first ? "" : separator);
		log_append(line, segments[i].style, "%s", segments[i].text);
		first = false;
	}
	if (used > 0 && is_only_waiting(progress))
		append_awaited(line, progress, columns - used);
}

static uint64_t count_ended(const struct totals *totals)
{
	uint64_t sum = 0;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		sum += totals->outcomes[kind];
	return sum;
}

static void record_sample(struct progress *self, const struct sample *now)
{
	const struct sample *last = &self->samples[(self->sample_count + SAMPLES - 1) % SAMPLES];
	if (self->sample_count == 0 || now->time_ms - last->time_ms >= self->sample_every_ms)
		self->samples[self->sample_count++ % SAMPLES] = *now;
}

static struct progress_rates compute_pace(
    const struct progress *self, const struct sample *now, const struct run_progress *progress)
{
	struct progress_rates pace = {-1, -1, -1};
	const struct sample *first =
	    &self->samples[self->sample_count < SAMPLES ? 0 : self->sample_count % SAMPLES];
	if (now->time_ms - first->time_ms < self->sample_every_ms)
		return pace;
	double seconds = (double)(now->time_ms - first->time_ms) / 1000;
	pace.pages = (double)(now->pages - first->pages) / seconds;
	pace.bytes = (double)(now->bytes - first->bytes) / seconds;
	if (progress->unread >= 0 && pace.pages > 0)
		pace.seconds =
		    ((double)progress->waiting + (double)progress->unread + (double)progress->in_flight) /
		    pace.pages;
	return pace;
}

static void progress_show(void *ctx, const struct run_progress *progress)
{
	struct progress *self = ctx;
	struct buf line;
	const struct sample now = {clock_now_ms(), count_ended(progress->so_far), progress->received};
	record_sample(self, &now);
	const struct progress_rates pace = compute_pace(self, &now, progress);
	buf_init(&line, SIZE_MAX / 2);
	/* The last column stays empty, since some terminals wrap the line as soon as it is filled. */
	progress_line(&line, progress, &pace, screen_columns() - 1);
	screen_set_status_line(line.data, line.len);
	buf_release(&line);
}

static enum status progress_end(void *ctx, const struct totals *totals)
{
	(void)ctx;
	(void)totals;
	screen_remove_status_line();
	return STATUS_OK;
}

struct observer progress_observer(const struct options *options)
{
	struct progress *self = alloc_new(sizeof *self);
	self->sample_every_ms = SAMPLE_EVERY_MS;
	const int64_t start_every_ms[] = {
	    options->delay_ms, options->rate ? INT64_C(1000) * RATE_PER_SECOND / options->rate : 0};
	for (size_t i = 0; i < 2; i++) {
		if (start_every_ms[i] > self->sample_every_ms)
			self->sample_every_ms = start_every_ms[i];
	}
	return (struct observer){.self = self, .progress = progress_show, .end = progress_end, .free = free};
}
