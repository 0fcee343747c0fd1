/* What the system alone takes for a list of pages of one host, all at once: a connection, a request and the
 * bytes of the answer each, with nothing but system calls. No URLs, no answers of HTTP, no links, no output.
 *
 * usage: sockets LIST        of http://ADDRESS:PORT/PATH, the same address and port in all of it */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4096, PAUSE_MS = 20 };

struct page {
	size_t left; /* bytes of the answer; 0: nothing was read yet */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int ask(const char *url)
{
	char address[64], request[LINE_MAX_LEN + 64];
	struct sockaddr_in to = {.sin_family = AF_INET};
	unsigned short port;
	int path;
	if (sscanf(url, "http://%63[0-9.]:%hu%n", address, &port, &path) != 2)
		die(url);
	to.sin_port = htons(port);
	inet_pton(AF_INET, address, &to.sin_addr);
	int descriptor = socket(AF_INET, SOCK_STREAM, 0);
	if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	int len = snprintf(
	    request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%hu\r\n\r\n", url + path, address, port);
	if (send(descriptor, request, (size_t)len, 0) != len)
		die("send");
	return descriptor;
}

/* Returns 1 once all of the page was read. */
static int take(int descriptor, struct page *page)
{
	static char bytes[64 * 1024];
	ssize_t len = recv(descriptor, bytes, sizeof bytes - 1, 0);
	if (len <= 0)
		die("recv");
	if (page->left == 0) {
		bytes[len] = '\0';
		const char *length = strstr(bytes, "Content-Length: "), *end = strstr(bytes, "\r\n\r\n");
		if (!length || !end)
			die("no length");
		page->left = (size_t)(end + 4 - bytes) + strtoul(length + 16, NULL, 10);
	}
	page->left -= (size_t)len;
	return page->left == 0;
}

int main(int argc, char **argv)
{
	char line[LINE_MAX_LEN];
	size_t count = 0, room = 1 << 20;
	struct pollfd *list = malloc(room * sizeof *list);
	struct page *pages = calloc(room, sizeof *pages);
	if (argc != 2) {
		fprintf(stderr, "usage: sockets LIST\n");
		return 2;
	}
	FILE *urls = fopen(argv[1], "r");
	if (!list || !pages || !urls)
		die(argv[1]);
	while (count < room && fgets(line, sizeof line, urls)) {
		line[strcspn(line, "\n")] = '\0';
		list[count++] = (struct pollfd){.fd = ask(line), .events = POLLIN};
	}
	for (size_t left = count; left > 0; poll(NULL, 0, left > 0 ? PAUSE_MS : 0)) {
		if (poll(list, count, -1) < 0)
			die("poll");
		for (size_t i = 0; i < count; i++) {
			if (list[i].revents == 0 || !take(list[i].fd, &pages[i]))
				continue;
			close(list[i].fd);
			list[i].fd = -1;
			left--;
		}
	}
	return 0;
}
