package lookup

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed page
var pageFiles embed.FS

// pageScripts are joined in this order.
var pageScripts = []string{"follow.js", "board.js", "results.js", "coupons.js", "start.js"}

// page is the live page: one document that loads nothing from elsewhere.
type page struct {
	html   []byte
	policy string
}

// newPage puts style and script into the document, and allows these two, by their hashes, and connections to
// where the page came from; nothing else.
func newPage() page {
	style, script := "\n"+pageFile("style.css"), "\n"
	for _, name := range pageScripts {
		script += pageFile(name)
	}
	html := pageFile("page.html")
	html = strings.Replace(html, "<style></style>", "<style>"+style+"</style>", 1)
	html = strings.Replace(html, "<script></script>", "<script>"+script+"</script>", 1)
	return page{
		html: []byte(html),
		policy: strings.Join([]string{
			"default-src 'none'",
			"script-src " + hashOf(script),
			"style-src " + hashOf(style),
			"connect-src 'self'",
			"img-src data:",
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
		}, "; "),
	}
}

// pageFile reads a file that is part of the program; that it is there a test checks.
func pageFile(name string) string {
	b, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// hashOf names the content of an element as the policy does.
func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// serve ignores a query: links to the page may carry one.
func (p page) serve(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Security-Policy", p.policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	writeBody(w, http.StatusOK, "text/html; charset=utf-8", p.html)
	return nil
}
