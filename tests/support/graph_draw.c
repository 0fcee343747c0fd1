#include "graph_draw.h"

/* By Steele, Lea and Flood's SplitMix64. */
unsigned graph_draw(uint64_t *state, size_t n)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

bool graph_draw_share(uint64_t *state, unsigned percent)
{
	return graph_draw(state, 100) < percent;
}
