// The crawler that one writes in Go: net/http, the tokenizer of golang.org/x/net/html, net/url; as many
// workers as requests at once; each link of a page once; rows of source and link.
//
//	crawl LIST ROWS AT_ONCE [CA]
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"

	"golang.org/x/net/html"
)

func links(body io.Reader, source string, base *url.URL, rows []byte) []byte {
	seen := map[string]bool{}
	tokens := html.NewTokenizer(body)
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return rows
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		_, more := tokens.TagName()
		for more {
			var key, value []byte
			key, value, more = tokens.TagAttr()
			if string(key) != "href" {
				continue
			}
			if link, err := base.Parse(string(value)); err == nil {
				if text := link.String(); !seen[text] {
					seen[text] = true
					rows = append(rows, source+"\t"+text+"\n"...)
				}
			}
			break
		}
	}
}

func main() {
	atOnce, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: atOnce, DisableCompression: true}
	if len(os.Args) > 4 {
		pem, err := os.ReadFile(os.Args[4])
		if err != nil {
			log.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
		transport.ForceAttemptHTTP2 = true
	}
	client := &http.Client{Transport: transport}
	list, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	var lock sync.Mutex
	var workers sync.WaitGroup
	urls := make(chan string, atOnce)
	for i := 0; i < atOnce; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			var rows []byte
			for source := range urls {
				response, err := client.Get(source)
				if err != nil {
					log.Print(err)
					continue
				}
				rows = links(response.Body, source, response.Request.URL, rows[:0])
				response.Body.Close()
				lock.Lock()
				file.Write(rows)
				lock.Unlock()
			}
		}()
	}
	for lines := bufio.NewScanner(list); lines.Scan(); {
		urls <- lines.Text()
	}
	close(urls)
	workers.Wait()
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
