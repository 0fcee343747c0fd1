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

/* The pace is that of the last ten seconds. */
enum { SAMPLES = 20, SAMPLE_EVERY_MS = 500 };

struct sample {
	int64_t at;
	uint64_t pages, bytes;
};

struct progress {
	struct sample samples[SAMPLES]; /* a ring; the oldest is at taken % SAMPLES once it is full */
	size_t taken;
};

static bool is_stdout(const char *name)
{
	return name && strcmp(name, "-") == 0;
}

/* What is written there stays out of the display's way. */
static bool is_quiet_place(int fd)
{
	struct stat info;
	return fstat(fd, &info) != 0 || S_ISREG(info.st_mode) || (S_ISCHR(info.st_mode) && !isatty(fd));
}

bool progress_wanted(const struct options *options)
{
	bool to_stdout = !options->output || is_stdout(options->output) || is_stdout(options->report);
	switch (options->progress) {
	case WHEN_NEVER:
		return false;
	case WHEN_ALWAYS:
		return !to_stdout || !isatty(STDOUT_FILENO);
	case WHEN_AUTO:
		break;
	}
	return screen_obeys() && !options->quiet && !options->verbose &&
	       (!to_stdout || is_quiet_place(STDOUT_FILENO));
}

/* One piece of the line. */
struct atomic_file {
	enum log_style style;
	bool shown;
	char text[64];
};

/* In their order on the line. */
enum { DONE, FAILED, SKIPPED, IN_FLIGHT, LEFT, PAGES, BYTES, TO_GO, PARTS };

static const int by_importance[PARTS] = {DONE, LEFT, FAILED, TO_GO, IN_FLIGHT, PAGES, SKIPPED, BYTES};

static const char between[] = ", ";
enum { BETWEEN = sizeof between - 1 };

static void put_count(struct atomic_file *part, uint64_t count, const char *what)
{
	snprintf(part->text, sizeof part->text, "%" PRIu64 " %s", count, what);
}

static void put_left(struct atomic_file *part, const struct standing *standing)
{
	uint64_t left = standing->waiting;
	const char *about = standing->unread > 0 ? "~" : "", *more = standing->unread < 0 ? "+" : "";
	if (standing->unread > 0)
		left += (uint64_t)standing->unread;
	if (left > 0 || *more)
		snprintf(part->text, sizeof part->text, "%s%" PRIu64 "%s left", about, left, more);
}

static void put_pace(struct atomic_file *part, double pace,
    void (*amount)(char text[NUMBER_TEXT_MAX], double), const char *unit)
{
	char text[NUMBER_TEXT_MAX];
	if (pace < 0)
		return;
	amount(text, pace);
	snprintf(part->text, sizeof part->text, "%s%s", text, unit);
}

static void put_time(struct atomic_file *part, double seconds)
{
	int64_t all = seconds < 1e9 ? (int64_t)(seconds + 0.5) : 1000000000;
	int64_t hours = all / 3600, minutes = all / 60 % 60, rest = all % 60;
	if (hours > 0)
		snprintf(part->text, sizeof part->text, "%" PRId64 ":%02" PRId64 ":%02" PRId64 " to go",
		    hours, minutes, rest);
	else
		snprintf(part->text, sizeof part->text, "%" PRId64 ":%02" PRId64 " to go", minutes, rest);
}

/* Nothing is left that could be started now. */
static bool only_waits(const struct standing *standing)
{
	return standing->unread == 0 && (standing->waiting == 0 || standing->in_flight == 0);
}

static void fill_parts(
    struct atomic_file parts[PARTS], const struct standing *standing, const struct progress_pace *pace)
{
	const uint64_t *outcomes = standing->so_far->outcomes;
	put_count(&parts[DONE], outcomes[OUTCOME_OK], "done");
	parts[DONE].style = LOG_GREEN;
	if (outcomes[OUTCOME_FAILED])
		put_count(&parts[FAILED], outcomes[OUTCOME_FAILED], "failed");
	parts[FAILED].style = LOG_RED;
	if (outcomes[OUTCOME_SKIPPED])
		put_count(&parts[SKIPPED], outcomes[OUTCOME_SKIPPED], "skipped");
	if (standing->in_flight)
		put_count(&parts[IN_FLIGHT], standing->in_flight, "in flight");
	put_left(&parts[LEFT], standing);
	if (only_waits(standing))
		return;
	parts[PAGES].style = parts[BYTES].style = parts[TO_GO].style = LOG_DIM;
	put_pace(&parts[PAGES], pace->pages, number_text_number, " pages/s");
	put_pace(&parts[BYTES], pace->bytes, number_text_bytes, "/s");
	if (pace->seconds >= 0)
		put_time(&parts[TO_GO], pace->seconds);
}

/* Chooses what has room and returns how many columns that takes. */
static size_t choose_parts(struct atomic_file parts[PARTS], size_t columns)
{
	size_t used = 0;
	for (int i = 0; i < PARTS; i++) {
		struct atomic_file *part = &parts[by_importance[i]];
		size_t len = strlen(part->text) + (used ? BETWEEN : 0);
		if (!*part->text)
			continue;
		/* What is shorter but less important would only make the line restless. */
		if (used + len > columns)
			break;
		part->shown = true;
		used += len;
	}
	return used;
}

/* "www.example.com" of "www.example.com:443" in the given room. */
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

static void append_awaited(struct buf *line, const struct standing *standing, size_t columns)
{
	enum { HOST_LEAST = 8 };
	static const char before[] = ", waiting for ";
	char after[64];
	int64_t seconds = (standing->awaited_ms < 0 ? -standing->awaited_ms : standing->awaited_ms) / 1000;
	snprintf(after, sizeof after,
	    standing->awaited_ms < 0 ? ", again in %" PRId64 " s" : ", %" PRId64 " s", seconds);
	size_t least = sizeof before - 1 + HOST_LEAST;
	if (columns < least)
		return;
	size_t room = columns - (sizeof before - 1);
	bool timed = room >= HOST_LEAST + strlen(after);
	log_append(line, LOG_PLAIN, "%s", before);
	append_host(line, standing->awaited, timed ? room - strlen(after) : room);
	if (timed)
		log_append(line, LOG_DIM, "%s", after);
}

void progress_line(
    struct buf *line, const struct standing *standing, const struct progress_pace *pace, size_t columns)
{
	struct atomic_file parts[PARTS] = {0};
	fill_parts(parts, standing, pace);
	size_t used = choose_parts(parts, columns);
	if (used == 0)
		log_append(line, parts[DONE].style, "%.*s", (int)columns, parts[DONE].text);
	bool first = true;
	for (int i = 0; i < PARTS; i++) {
		if (!parts[i].shown)
			continue;
		log_append(line, LOG_PLAIN, "%s", first ? "" : between);
		log_append(line, parts[i].style, "%s", parts[i].text);
		first = false;
	}
	if (used > 0 && only_waits(standing) && standing->awaited)
		append_awaited(line, standing, columns - used);
}

static uint64_t count_ended(const struct totals *totals)
{
	uint64_t sum = 0;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		sum += totals->outcomes[kind];
	return sum;
}

static void take_sample(struct progress *self, const struct sample *now)
{
	const struct sample *last = &self->samples[(self->taken + SAMPLES - 1) % SAMPLES];
	if (self->taken == 0 || now->at - last->at >= SAMPLE_EVERY_MS)
		self->samples[self->taken++ % SAMPLES] = *now;
}

static struct progress_pace pace_of(
    const struct progress *self, const struct sample *now, const struct standing *standing)
{
	struct progress_pace pace = {-1, -1, -1};
	const struct sample *first = &self->samples[self->taken < SAMPLES ? 0 : self->taken % SAMPLES];
	if (now->at - first->at < SAMPLE_EVERY_MS)
		return pace;
	double seconds = (double)(now->at - first->at) / 1000;
	pace.pages = (double)(now->pages - first->pages) / seconds;
	pace.bytes = (double)(now->bytes - first->bytes) / seconds;
	if (standing->unread >= 0 && pace.pages > 0)
		pace.seconds =
		    ((double)standing->waiting + (double)standing->unread + (double)standing->in_flight) /
		    pace.pages;
	return pace;
}

static void progress_standing(void *ctx, const struct standing *standing)
{
	struct progress *self = ctx;
	struct buf line;
	const struct sample now = {clock_now_ms(), count_ended(standing->so_far), standing->received};
	take_sample(self, &now);
	const struct progress_pace pace = pace_of(self, &now, standing);
	buf_init(&line, SIZE_MAX / 2);
	/* The last column stays free: some terminals wrap as soon as it is filled. */
	progress_line(&line, standing, &pace, screen_columns() - 1);
	screen_keep(line.data, line.len);
	buf_release(&line);
}

static enum status progress_end(void *ctx, const struct totals *totals)
{
	(void)ctx;
	(void)totals;
	screen_release();
	return STATUS_OK;
}

struct observer progress_observer(void)
{
	return (struct observer){.self = alloc_new(sizeof(struct progress)),
	    .standing = progress_standing,
	    .end = progress_end,
	    .free = free};
}
