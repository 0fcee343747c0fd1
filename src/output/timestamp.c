#include "output/timestamp.h"

#include <stdio.h>
#include <time.h>

int64_t timestamp_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void timestamp_text(int64_t ms, char text[TIMESTAMP_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts = {0};
	gmtime_r(&seconds, &parts);
	size_t len = strftime(text, TIMESTAMP_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, TIMESTAMP_SIZE - len, ".%03dZ", (int)(ms % 1000));
}
