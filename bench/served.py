"""What is fetched: a private nginx and the servers of delays and of a generated site on the server's core,
and the lists of URLs."""
import os
import random
import socket
import subprocess
import time

from broken import Broken

DOCS = "/usr/share/doc/python3-doc/html"
HERE = os.path.dirname(os.path.abspath(__file__))
COPIES = 20
SMALL_BYTES = 10 * 1024
LARGE_BYTES = 20_000_000


def free_ports(count):
    """The sockets, still bound, but not listening."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("0.0.0.0", 0))
    return sockets


def get(port, path):
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = b""
        while not answer.partition(b"\r\n\r\n")[2]:
            answer += one.recv(4096)
    return answer.partition(b"\r\n\r\n")[2]


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
        return True
    except OSError:
        return False


class Site:
    def __init__(self, folder, build, areq, seed):
        self.folder, self.seed, self.areq = folder, seed, areq
        self.build = build
        self.docs = os.path.realpath(DOCS)
        self.processes = []
        self.broken_docs = None
        self.certificate = os.path.join(folder, "certificate.pem")
        self.make_pages()
        self.make_certificate()
        self.refused = free_ports(1)[0]
        self.start_nginx()
        self.delay_pid, self.delay = self.start_own("delay", self.small_page)
        self.graph_pid, self.graph = self.start_own("graph")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def make_pages(self):
        found = []
        for folder, _, names in os.walk(self.docs):
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith(".html") and os.path.isfile(path):
                    found.append(path)
        if not found:
            raise SystemExit(f"there are no pages in {DOCS}: apt-get install python3-doc")
        found.sort()
        self.pages = [os.path.relpath(path, self.docs) for path in found]
        sizes = {path: os.path.getsize(path) for path in found}
        self.mix_bytes = sum(sizes.values())
        os.mkdir(self.path("www"))
        for copy in range(COPIES):
            os.symlink(self.docs, self.path(f"www/c{copy}"))
        small = min(found, key=lambda path: (abs(sizes[path] - SMALL_BYTES), path))
        self.small_page = self.path("www/small.html")
        os.symlink(small, self.small_page)
        # The pages one behind the other: links as dense and as varied as they are there.
        with open(self.path("www/large.html"), "wb") as large:
            for path in found:
                with open(path, "rb") as page:
                    large.write(page.read())
                if large.tell() >= LARGE_BYTES:
                    break
            large.truncate(LARGE_BYTES)

    def make_certificate(self):
        names = "DNS:*.bench.localhost,DNS:localhost,IP:127.0.0.1"
        curve = "ec_paramgen_curve:prime256v1"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout",
                        self.path("key.pem"), "-out", self.certificate, "-days", "30",
                        "-subj", "/CN=areq bench", "-addext", f"subjectAltName={names}"],
                       check=True, capture_output=True)

    def start(self, argv, **how):
        """The server ends with this process: its standard input does."""
        until = os.path.join(HERE, "until.sh")
        process = subprocess.Popen(["sh", until, *argv], stdin=subprocess.PIPE, **how)
        self.processes.append(process)
        return process

    def start_nginx(self):
        os.mkdir(self.path("temp"))
        sockets = free_ports(5)
        self.http, self.tls, self.tls2, self.crawl, self.check = (one.getsockname()[1] for one in sockets)
        with open(os.path.join(HERE, "nginx.conf.in"), encoding="ascii") as file:
            text = file.read()
        for name, value in (("FOLDER", self.folder), ("HTTP", self.http), ("TLS", self.tls),
                            ("TLS2", self.tls2), ("CRAWL", self.crawl), ("CHECK", self.check),
                            ("IPV6", "" if has_ipv6() else "# ")):
            text = text.replace(f"@{name}@", str(value))
        for one in sockets:
            one.close()
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        process = self.start(["nginx", "-p", self.folder, "-c", self.write("nginx.conf", text), "-e",
                              self.path("nginx.log")], env={**os.environ, "PATH": path})
        # It has opened its ports once it has written its pid.
        while not (os.path.exists(self.path("nginx.pid")) and os.path.getsize(self.path("nginx.pid"))):
            if process.poll() is not None:
                raise SystemExit("nginx does not start")
            time.sleep(0.02)
        with open(self.path("nginx.pid"), encoding="ascii") as file:
            self.nginx_pid = int(file.read())

    def start_own(self, name, *arguments):
        """A server of this folder; its process id and its port."""
        process = self.start([os.path.join(self.build, name), *arguments], stdout=subprocess.PIPE,
                             env={**os.environ, "GOMAXPROCS": "1"})
        line = process.stdout.readline().split()
        if len(line) != 2:
            raise SystemExit(f"the server {name} does not start")
        return int(line[0]), int(line[1])

    def most_waiting(self):
        """How many requests waited at the server of delays at once, at most, since the last call."""
        return int(get(self.delay, "/peak"))

    # What a crawl asks for.

    def front_page(self):
        return f"http://127.0.0.1:{self.crawl}/c0/index.html"

    def reached(self):
        """The list of what a DOM's links lead to from the front page."""
        if not os.path.exists(self.path("reached")):
            dom = [os.path.join(self.build, "dom"), "-reach", self.path("www"), self.front_page()]
            with open(self.path("reached"), "wb") as file:
                subprocess.run(dom, stdout=file, check=True)
        return self.path("reached")

    def asked(self):
        """What nginx has been asked for since the last call: the status and media type of each path. The
        robots.txt is no page."""
        # By the time of this answer all others are in the log: nginx is one process.
        get(self.crawl, "/robots.txt")
        with open(self.path("crawl.log"), "r+", encoding="ascii") as log:
            lines = [line.split() for line in log]
            log.truncate(0)
        return {path: (status, kind) for status, kind, path in lines if path != "/robots.txt"}

    def reached_paths(self):
        with open(self.reached(), encoding="ascii") as lines:
            return {line.strip()[len(f"http://127.0.0.1:{self.crawl}"):] for line in lines}

    def docs_pages(self):
        """How many of them are pages that there are."""
        return sum(path.endswith(".html") and os.path.isfile(self.path("www" + path))
                   for path in self.reached_paths())

    def broken(self):
        """The documentation with dead links in it."""
        if not self.broken_docs:
            self.broken_docs = Broken(self)
        return self.broken_docs

    def tree_pages(self, levels):
        return sum(10 ** level for level in range(levels + 1))

    def tree_urls(self, levels):
        """All pages of the generated site, in the order of its levels."""
        for page in range(self.tree_pages(levels)):
            yield f"http://127.0.1.{page % 100}:{self.graph}/{levels}/{page}"

    def tree(self, levels):
        return self.list(f"tree-{levels}", self.tree_urls(levels))

    def asked_of_tree(self, levels):
        """The numbers of graph.go."""
        return [int(number) for number in get(self.graph, f"/{levels}/asked").split()]

    def close(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            process.wait()

    # Lists. Each gives the name of its file; what has been made already is not made again.

    def list(self, name, urls):
        if not os.path.exists(self.path(name)):
            self.write(name, "".join(url + "\n" for url in urls))
        return self.path(name)

    def mix(self, copies, base=None):
        base = base or f"http://127.0.0.1:{self.http}"
        name = f"mix-{copies}-{base.rpartition(':')[2]}"
        return self.list(name, (f"{base}/c{copy}/{page}" for copy in range(copies) for page in self.pages))

    def small(self, count=50_000):
        base = f"http://127.0.0.1:{self.http}/small"
        return self.list(f"small-{count}", (f"{base}/{i}.html" for i in range(count)))

    def large(self, count):
        base = f"http://127.0.0.1:{self.http}/large"
        return self.list(f"large-{count}", (f"{base}/{i}.html" for i in range(count)))

    def latencies(self, count, longest):
        drawn = random.Random(self.seed)
        return [drawn.uniform(0, longest) for _ in range(count)]

    def waits(self, name, latencies):
        base = f"http://127.0.0.1:{self.delay}/wait"
        return self.list(name, (f"{base}/{round(wait * 1e6)}/{i}.html" for i, wait in enumerate(latencies)))

    def refusing(self, count, hosts):
        """Each line another one of so many addresses: 250 times 250 times 250 of them could be named."""
        port = self.refused.getsockname()[1]

        def address(i):
            return f"127.{1 + i // 62500}.{i // 250 % 250}.{1 + i % 250}"
        return self.list(f"refusing-{count}-{hosts}",
                         (f"http://{address(i % hosts)}:{port}/{i}" for i in range(count)))

    def hosts(self, count):
        return self.list(f"hosts-{count}", (f"https://h{i}.bench.localhost:{self.tls}/small/{i}.html"
                                            for i in range(count)))

    def curl_config(self, urls):
        """The list as curl's -K takes it, each page into /dev/null."""
        if not os.path.exists(urls + ".curl"):
            with open(urls, encoding="utf-8") as lines, open(urls + ".curl", "w", encoding="utf-8") as config:
                for line in lines:
                    config.write(f'url = "{line.strip()}"\noutput = "/dev/null"\n')
        return urls + ".curl"
