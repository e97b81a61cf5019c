package lookup

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML string

// page is the live board: one file that loads nothing from elsewhere.
type page struct {
	html   []byte
	policy string
}

// newPage allows the one style and the one script of the file, by their
// hashes, and connections to where the page came from; nothing else.
func newPage() page {
	return page{
		html: []byte(pageHTML),
		policy: strings.Join([]string{
			"default-src 'none'",
			"script-src " + hashOf("script"),
			"style-src " + hashOf("style"),
			"connect-src 'self'",
			"img-src data:",
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
		}, "; "),
	}
}

// hashOf names the content of the page's only element of that tag.
func hashOf(tag string) string {
	_, rest, _ := strings.Cut(pageHTML, "<"+tag+">")
	content, _, _ := strings.Cut(rest, "</"+tag+">")
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
