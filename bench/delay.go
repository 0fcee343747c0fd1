// A server that waits: GET /wait/MICROSECONDS/... answers with the page after that long, GET /peak with how
// many requests waited at once at most since the last GET /peak. A connection costs it one small buffer and a
// request two system calls, so that it can hold 10,000 of them and answer all in a moment.
//
//	delay PAGE        prints its process id and its port
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

var waiting, peak int64

func wait(how time.Duration) {
	now := atomic.AddInt64(&waiting, 1)
	for {
		most := atomic.LoadInt64(&peak)
		if now <= most || atomic.CompareAndSwapInt64(&peak, most, now) {
			break
		}
	}
	time.Sleep(how)
	atomic.AddInt64(&waiting, -1)
}

func answer(body []byte) []byte {
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
	return append([]byte(fmt.Sprintf(head, len(body))), body...)
}

// Requests have no bodies and are not pipelined: an empty line ends each.
func serve(connection net.Conn, page []byte) {
	defer connection.Close()
	buffer := make([]byte, 2048)
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
		path := buffer[bytes.IndexByte(buffer[:used], ' ')+1 : used]
		used = 0
		reply := page
		if rest := bytes.TrimPrefix(path, []byte("/wait/")); len(rest) < len(path) {
			end := bytes.IndexAny(rest, "/ ")
			microseconds, err := strconv.Atoi(string(rest[:end]))
			if err != nil {
				return
			}
			wait(time.Duration(microseconds) * time.Microsecond)
		} else {
			reply = answer([]byte(strconv.FormatInt(atomic.SwapInt64(&peak, 0), 10)))
		}
		if _, err := connection.Write(reply); err != nil {
			return
		}
	}
}

func main() {
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	debug.SetGCPercent(1000)
	page := answer(body)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go serve(connection, page)
	}
}
