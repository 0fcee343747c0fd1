/* What the files of the state of a run share: run_state_open.c finds out what earlier runs have left and
 * begins the run, and run_state.c reads and writes while it goes on. */
#ifndef AREQ_RUN_RUN_STATE_INTERNAL_H
#define AREQ_RUN_RUN_STATE_INTERNAL_H

#include "run/run_state.h"
#include "store/known_urls.h"
#include "store/state_writer.h"

/* The outputs that are cut back when a run goes on. */
enum run_state_output { KEPT_ROWS, KEPT_REPORT, KEPT_FAILED, KEPT_ELSEWHERE, KEPT_CHANGES, KEPT };

struct run_state {
	const struct options *options;
	const struct settings *settings;
	struct outputs *all_outputs;
	struct file *files[KEPT];                 /* NULL for one that is not kept */
	struct state_writer_output outputs[KEPT]; /* for the writer */
	int indexes[KEPT];                        /* in outputs; -1 for one that is not kept */
	uint64_t lengths[KEPT];                   /* to which a run that goes on cuts the files */
	struct state_writer *writer;
	struct stat file;    /* the state file, when the run began */
	struct state *state; /* for reading */
	struct state_begun begun;
	bool goes_on;               /* the last run was interrupted */
	bool resumes;               /* and what it has done is not done again */
	struct run_state_done done; /* if it resumes */
	char *began;                /* when the run began that goes on, as text */
	struct known_urls known;
	struct known_urls targets; /* what the run that goes on has checked, see run_state_target_key */
	struct buf target_key;
	uint64_t next_id, first_new_id;
	struct url url;     /* of a page that is read */
	enum status status; /* of reading */
};

/* Logs why the state has failed, and records the status. */
enum status run_state_record_problem(struct run_state *self, enum status status);

/* What a target is looked up by in targets. Borrowed until the next call. */
struct slice run_state_target_key(struct run_state *self, struct slice url, enum store_purpose purpose);

/* Lets the state know the length of an output, if it is kept. */
void run_state_set_length(struct run_state *self, size_t which, uint64_t length);

#endif
