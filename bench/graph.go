// A generated site for crawls: a tree in which each page leads to ten more.
//
//	GET /LEVELS/N        page N of the tree with that many levels below page 0. Its links are 10 N + 1 to
//	                     10 N + 10; a page of the last level leads to its siblings and itself instead.
//	GET /LEVELS/asked    what was asked for since the last such request, as four numbers: the pages asked for
//	                     once, those asked for again, all pages, and how many at most were linked from a page
//	                     that was sent, and not yet asked for
//
// Page N has the host 127.0.1.(N mod 100), and all links are absolute. Nothing checks the Host of a request.
//
//	graph                prints its process id and its port
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
)

const (
	children = 10
	hosts    = 100
)

type site struct {
	pages, inner             int // all pages, and those that have children; page 0 is the first of both
	asked                    []bool
	once, again, known, most int
}

func (s *site) clear() {
	s.asked = make([]bool, s.pages)
	s.once, s.again, s.known, s.most = 0, 0, 1, 0
}

func newSite(levels int) *site {
	s := &site{pages: 1}
	for level := 0; level < levels; level++ {
		s.inner = s.pages
		s.pages = s.pages*children + 1
	}
	s.clear()
	return s
}

// Must be called for one request at a time.
func (s *site) note(page int) {
	if s.asked[page] {
		s.again++
		return
	}
	s.asked[page] = true
	s.once++
	if page < s.inner {
		s.known += children
	}
	if pending := s.known - s.once; pending > s.most {
		s.most = pending
	}
}

var (
	lock  sync.Mutex
	sites = map[int]*site{}
	port  int
)

func (s *site) write(out []byte, levels, page int) []byte {
	out = append(out, "<!DOCTYPE html><title>page "...)
	out = strconv.AppendInt(out, int64(page), 10)
	out = append(out, "</title>\n"...)
	from := page
	if page >= s.inner && page > 0 {
		from = (page - 1) / children
	}
	for link := children*from + 1; link <= children*from+children; link++ {
		out = append(out, `<p><a href="http://127.0.1.`...)
		out = strconv.AppendInt(out, int64(link%hosts), 10)
		out = append(out, ':')
		out = strconv.AppendInt(out, int64(port), 10)
		out = append(out, '/')
		out = strconv.AppendInt(out, int64(levels), 10)
		out = append(out, '/')
		out = strconv.AppendInt(out, int64(link), 10)
		out = append(out, "\">a page</a>\n"...)
	}
	return out
}

// Appends the body and returns it with the status.
func answer(path, out []byte) ([]byte, string) {
	first, second, found := bytes.Cut(bytes.TrimPrefix(path, []byte("/")), []byte("/"))
	levels, err := strconv.Atoi(string(first))
	if !found || err != nil || levels < 1 || levels > 7 {
		return out, "404 Not Found"
	}
	lock.Lock()
	defer lock.Unlock()
	s := sites[levels]
	if s == nil {
		s = newSite(levels)
		sites[levels] = s
	}
	if string(second) == "asked" {
		out = append(out, fmt.Sprintf("%d %d %d %d\n", s.once, s.again, s.pages, s.most)...)
		s.clear()
		return out, "200 OK"
	}
	page, err := strconv.Atoi(string(second))
	if err != nil || page < 0 || page >= s.pages {
		return out, "404 Not Found"
	}
	s.note(page)
	return s.write(out, levels, page), "200 OK"
}

// Requests have no bodies and are not pipelined: an empty line ends each.
func serve(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 2048)
	var body, out []byte
	used := 0
	for {
		count, err := connection.Read(buffer[used:])
		if err != nil || used+count == len(buffer) {
			return
		}
		used += count
		if !bytes.HasSuffix(buffer[:used], []byte("\r\n\r\n")) {
			continue
		}
		words := bytes.SplitN(buffer[:used], []byte(" "), 3)
		used = 0
		if len(words) < 3 {
			return
		}
		var status string
		body, status = answer(words[1], body[:0])
		out = append(out[:0], "HTTP/1.1 "...)
		out = append(out, status...)
		out = append(out, "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "...)
		out = strconv.AppendInt(out, int64(len(body)), 10)
		out = append(out, "\r\n\r\n"...)
		if _, err := connection.Write(append(out, body...)); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		panic(err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	fmt.Println(os.Getpid(), port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go serve(connection)
	}
}
