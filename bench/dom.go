// What a DOM holds, by the tree builder of golang.org/x/net/html: the first href attribute of every element
// but <base>, raw, as rows of source and link. What is in a template is in a document of its own.
//
//	dom ROOT <LIST, where the URLs of LIST are files below ROOT
//	dom -reach ROOT URL
//
// The second prints the URLs that <a> and <area> of such files lead to, from the URL on and on the same host,
// each once and without its fragment, whether there is such a file or not; those nearest to the URL first.
package main

import (
	"bufio"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/html"
)

var lineEnds = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// Calls found with the name and the href of each element that has one.
func walk(node *html.Node, found func(element, href string)) {
	if node.Type == html.ElementNode && node.Data == "template" {
		return
	}
	if node.Type == html.ElementNode {
		for _, attribute := range node.Attr {
			if attribute.Key == "href" && attribute.Namespace == "" {
				found(node.Data, lineEnds.Replace(attribute.Val))
				break
			}
		}
	}
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		walk(child, found)
	}
}

func parse(text string) *url.URL {
	address, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return address
}

func load(file *os.File) *html.Node {
	defer file.Close()
	tree, err := html.Parse(bufio.NewReader(file))
	if err != nil {
		panic(err)
	}
	return tree
}

func list(root, source string, out *bufio.Writer) {
	file, err := os.Open(filepath.Join(root, parse(source).Path))
	if err != nil {
		panic(err)
	}
	walk(load(file), func(element, href string) {
		if element != "base" {
			out.WriteString(source + "\t" + href + "\n")
		}
	})
}

// The URLs that the page leads to, none if it is no page.
func targets(root string, page *url.URL) (found []*url.URL) {
	if filepath.Ext(page.Path) != ".html" {
		return nil
	}
	file, err := os.Open(filepath.Join(root, page.Path))
	if err != nil {
		return nil
	}
	var base *url.URL
	var links []string
	walk(load(file), func(element, href string) {
		if element == "base" && base == nil {
			base = page.ResolveReference(parse(href))
		} else if element == "a" || element == "area" {
			links = append(links, strings.Trim(href, " \f"))
		}
	})
	if base == nil {
		base = page
	}
	for _, link := range links {
		if target, err := base.Parse(link); err == nil {
			target.Fragment, target.RawFragment = "", ""
			found = append(found, target)
		}
	}
	return found
}

func reach(root, first string, out *bufio.Writer) {
	known := map[string]bool{first: true}
	for queue := []*url.URL{parse(first)}; len(queue) > 0; queue = queue[1:] {
		page := queue[0]
		out.WriteString(page.String() + "\n")
		for _, target := range targets(root, page) {
			if target.Scheme == page.Scheme && target.Host == page.Host && !known[target.String()] {
				known[target.String()] = true
				queue = append(queue, target)
			}
		}
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if os.Args[1] == "-reach" {
		reach(os.Args[2], os.Args[3], out)
		return
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		list(os.Args[1], lines.Text(), out)
	}
}
