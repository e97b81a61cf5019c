package lookup_test

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
)

func TestThePolicyAllowsThePagesOwnScriptAndStyleAndNoOther(t *testing.T) {
	w := get(handler(t, lookup.Config{}), "/")
	policy, html := w.Header().Get("Content-Security-Policy"), w.Body.String()
	for _, tag := range []string{"script", "style"} {
		found := regexp.MustCompile(`(?s)<`+tag+`[^>]*>(.*?)</`+tag+`>`).FindAllStringSubmatch(html, -1)
		if len(found) != 1 {
			t.Fatalf("%d elements %s", len(found), tag)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(policy, want) {
			t.Errorf("%q is not in %q", want, policy)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
}

// The policy would block all of these, and nobody would see it but in a browser.
func TestThePageNeedsNothingThatItsPolicyBlocks(t *testing.T) {
	html := get(handler(t, lookup.Config{}), "/").Body.String()
	for _, blocked := range []string{`https?://`, ` style=`, ` on[a-z]+=`, `<link [^>]*stylesheet`, `<script [^>]*src`, `innerHTML`, `eval\(`, `@import`} {
		if found := regexp.MustCompile(blocked).FindString(html); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}

func TestThePageIsForPeopleOfAnyEyesightAndScreen(t *testing.T) {
	w := get(handler(t, lookup.Config{}), "/")
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	for _, want := range []string{`<html lang="en">`, `name="viewport"`, "prefers-color-scheme: dark", "prefers-reduced-motion", `role="status"`, "<caption", `scope="row"`, "<noscript>"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestThePageHasAllOfItsParts(t *testing.T) {
	html := get(handler(t, lookup.Config{}), "/").Body.String()
	parts, err := filepath.Glob("page/*.[jc]s*")
	if err != nil || len(parts) < 2 {
		t.Fatalf("parts %v: %v", parts, err)
	}
	for _, part := range parts {
		content, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(html, string(content)) != 1 {
			t.Errorf("%s is not in the page, or twice", part)
		}
	}
}

// A name that is misspelt would show in a browser alone.
func TestTheScriptAsksForElementsThatExist(t *testing.T) {
	html := get(handler(t, lookup.Config{}), "/").Body.String()
	asked := regexp.MustCompile(`(?:byId|copyOf)\("([^"]*)"\)`).FindAllStringSubmatch(html, -1)
	if len(asked) < 10 {
		t.Fatalf("found only %d places that ask for an element", len(asked))
	}
	for _, name := range asked {
		if !strings.Contains(html, ` id="`+name[1]+`"`) && !strings.Contains(html, `.id = "`+name[1]+`"`) {
			t.Errorf("no element has the id %q", name[1])
		}
	}
}

// A browser has six connections to a server. Streams hold one each for as long as they last.
func TestThePageLeavesConnectionsForItsLookUps(t *testing.T) {
	html := get(handler(t, lookup.Config{}), "/").Body.String()
	if !strings.Contains(html, "const MOST_OPEN = 3;") { // and the board
		t.Error("the page does not hold four streams at most")
	}
	if n := strings.Count(html, "new EventSource("); n != 1 {
		t.Errorf("%d places open streams: one must, which closes them while the page is hidden", n)
	}
}
