/* Runs a fuzzer's target over files: the corpus in `make check`, or a found input. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* At most this many bytes of a file: corpora are small. */
enum { INPUT_MAX = 4 << 20 };

static int replay(const char *name)
{
	FILE *file = fopen(name, "rb");
	if (!file) {
		perror(name);
		return 1;
	}
	uint8_t *room = malloc(INPUT_MAX);
	assert(room);
	size_t size = fread(room, 1, INPUT_MAX, file);
	fclose(file);
	/* An exact copy, so that the sanitizer sees a read behind the end. */
	uint8_t *data = malloc(size ? size : 1);
	assert(data);
	for (size_t i = 0; i < size; i++)
		data[i] = room[i];
	free(room);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%s: %d inputs replayed\n", argv[0], argc - 1);
	return failed;
}
