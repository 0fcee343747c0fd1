// What a DOM holds, by the tree builder of golang.org/x/net/html: the first href attribute of every element
// but <base>, raw, as rows of source and link. What is in a template is in a document of its own.
//
//	dom ROOT <LIST, where the URLs of LIST are files below ROOT
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

func walk(node *html.Node, source string, out *bufio.Writer) {
	if node.Type == html.ElementNode && node.Data == "template" {
		return
	}
	if node.Type == html.ElementNode && node.Data != "base" {
		for _, attribute := range node.Attr {
			if attribute.Key == "href" && attribute.Namespace == "" {
				out.WriteString(source + "\t" + lineEnds.Replace(attribute.Val) + "\n")
				break
			}
		}
	}
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		walk(child, source, out)
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		address, err := url.Parse(lines.Text())
		if err != nil {
			panic(err)
		}
		file, err := os.Open(filepath.Join(os.Args[1], address.Path))
		if err != nil {
			panic(err)
		}
		tree, err := html.Parse(bufio.NewReader(file))
		if err != nil {
			panic(err)
		}
		walk(tree, lines.Text(), out)
		file.Close()
	}
}
