#include "output/moment.h"

#include <stdio.h>
#include <time.h>

int64_t moment_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void moment_text(int64_t moment, char text[MOMENT_SIZE])
{
	time_t seconds = (time_t)(moment / 1000);
	struct tm parts = {0};
	gmtime_r(&seconds, &parts);
	size_t len = strftime(text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, MOMENT_SIZE - len, ".%03dZ", (int)(moment % 1000));
}
