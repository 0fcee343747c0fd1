// What a DOM holds, by the tree builder of golang.org/x/net/html: the first href attribute of every element
// but <base>, raw, as rows of source and link. What is in a template is in a document of its own.
//
//	dom ROOT <LIST, where the URLs of LIST are files below ROOT
//	dom -reach ROOT URL
//	dom -check ROOT URL
//
// The second prints the URLs that <a> and <area> of such files lead to, from the URL on and on the same host,
// each once and without its fragment, whether there is such a file or not; those nearest to the URL first.
//
// The third prints the links of these files to any port of that host name, each once a page, as rows of the
// page's depth, the page, the link with its fragment, and "missing" where that leads to no element of a page.
package main

import (
	"bufio"
	"fmt"
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

// The URLs in the page's elements that are wanted, none if it is no page.
func links(root string, page *url.URL, wanted func(element string) bool) (found []*url.URL) {
	if filepath.Ext(page.Path) != ".html" {
		return nil
	}
	file, err := os.Open(filepath.Join(root, page.Path))
	if err != nil {
		return nil
	}
	var base *url.URL
	var hrefs []string
	walk(load(file), func(element, href string) {
		if element == "base" && base == nil {
			base = page.ResolveReference(parse(href))
		} else if wanted(element) {
			hrefs = append(hrefs, strings.Trim(href, " \f"))
		}
	})
	if base == nil {
		base = page
	}
	for _, href := range hrefs {
		if target, err := base.Parse(href); err == nil {
			found = append(found, target)
		}
	}
	return found
}

// The URLs that the page leads to, without their fragments.
func targets(root string, page *url.URL) []*url.URL {
	found := links(root, page, func(element string) bool { return element == "a" || element == "area" })
	for _, target := range found {
		target.Fragment, target.RawFragment = "", ""
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

// The fragments that lead somewhere in the page: each id, and the name of each <a>; nil where there is no page.
func anchors(root, path string) map[string]bool {
	if filepath.Ext(path) != ".html" {
		return nil
	}
	file, err := os.Open(filepath.Join(root, path))
	if err != nil {
		return nil
	}
	found := map[string]bool{"": true, "top": true}
	var visit func(node *html.Node)
	visit = func(node *html.Node) {
		if node.Type == html.ElementNode && node.Data == "template" {
			return
		}
		for _, attribute := range node.Attr {
			if attribute.Key == "id" || attribute.Key == "name" && node.Data == "a" {
				found[attribute.Val] = true
			}
		}
		for child := node.FirstChild; child != nil; child = child.NextSibling {
			visit(child)
		}
	}
	visit(load(file))
	return found
}

func check(root, first string, out *bufio.Writer) {
	pages := map[string]map[string]bool{} // the anchors of each
	depths := map[string]int{first: 0}
	for queue := []*url.URL{parse(first)}; len(queue) > 0; queue = queue[1:] {
		page := queue[0]
		depth := depths[page.String()]
		known := map[string]bool{}
		for _, target := range links(root, page, func(element string) bool { return element != "base" }) {
			if target.Hostname() != page.Hostname() || known[target.String()] {
				continue
			}
			known[target.String()] = true
			missing := ""
			if target.Host == page.Host {
				if _, seen := pages[target.Path]; !seen {
					pages[target.Path] = anchors(root, target.Path)
				}
				if pages[target.Path] != nil && !pages[target.Path][target.Fragment] {
					missing = "missing"
				}
			}
			fmt.Fprintf(out, "%d\t%s\t%s\t%s\n", depth, page, target, missing)
		}
		for _, target := range targets(root, page) {
			if _, known := depths[target.String()]; !known && target.Host == page.Host {
				depths[target.String()] = depth + 1
				queue = append(queue, target)
			}
		}
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch os.Args[1] {
	case "-reach":
		reach(os.Args[2], os.Args[3], out)
		return
	case "-check":
		check(os.Args[2], os.Args[3], out)
		return
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		list(os.Args[1], lines.Text(), out)
	}
}
