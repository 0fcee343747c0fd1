/* Runs a program and says what it cost: first its process id, then, when it has ended, the seconds of wall,
 * user and system time, its peak memory in KiB, and its wait status.
 *
 * It is small on purpose: Linux counts the memory of what starts a process as that one's peak.
 *
 * usage: cost REPORT PROGRAM [ARGUMENT...] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double in_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	FILE *report = argc > 2 ? fopen(argv[1], "we") : NULL;
	if (!report) {
		fprintf(stderr, "usage: %s REPORT PROGRAM [ARGUMENT...]\n", argv[0]);
		return 2;
	}
	double start = seconds();
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	fprintf(report, "%ld\n", (long)child);
	fflush(report);
	int status;
	struct rusage usage;
	if (child < 0 || waitpid(child, &status, 0) != child || getrusage(RUSAGE_CHILDREN, &usage) != 0) {
		perror("cost");
		return 2;
	}
	fprintf(report, "%.6f %.6f %.6f %ld %d\n", seconds() - start, in_seconds(usage.ru_utime),
	    in_seconds(usage.ru_stime), usage.ru_maxrss, status);
	return fclose(report) == 0 ? 0 : 2;
}
