package lookup

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The routes, as the OpenAPI document and the metrics name them.
const (
	routePage    = "/"
	routeOpenAPI = "/openapi.json"
	routeTables  = "/v1/tables"
	routeList    = "/v1/tables/{table}"
	routeGet     = "/v1/tables/{table}/{key}"
	routeWatch   = "/v1/tables/{table}/watch"
	routePattern = "/v1/cep/{pattern}/{key}"
	routeOther   = "other" // no route at all

	patterns = "/v1/cep/"
)

// target is what a path leads to.
type target struct {
	route   string
	table   string
	pattern string
	key     string
}

// resolve reads the escaped path itself, because http.ServeMux would redirect
// keys such as ".." or "a//b" away. Everything after the table's name is the
// key, slashes included. The path ".../watch" is the watch; a row with that
// key is reached as ".../%77atch".
func resolve(path string) (target, *failure) {
	switch path {
	case routePage, routeOpenAPI, routeTables:
		return target{route: path}, nil
	}
	if rest, found := strings.CutPrefix(path, patterns); found {
		return resolvePattern(rest)
	}
	rest, found := strings.CutPrefix(path, routeTables+"/")
	if !found || rest == "" {
		return target{route: routeOther}, fail(http.StatusNotFound, codeUnknownPath, "there is nothing at %s: see %s for what there is", path, routeOpenAPI)
	}
	name, key, hasKey := strings.Cut(rest, "/")
	to := target{route: routeList}
	var problem *failure
	if to.table, problem = unescape("table", name); problem != nil || !hasKey {
		return to, problem
	}
	if key == "watch" {
		to.route = routeWatch
		return to, nil
	}
	to.route = routeGet
	if key == "" {
		return to, badRequest("the key is empty: no row has an empty key, and the rows are listed at %s/%s", routeTables, name)
	}
	to.key, problem = unescape("key", key)
	return to, problem
}

// resolvePattern reads what comes after patterns. Everything after the pattern's name is the key.
func resolvePattern(rest string) (target, *failure) {
	to := target{route: routePattern}
	name, key, _ := strings.Cut(rest, "/")
	if name == "" || key == "" {
		return to, badRequest("a pattern and a key are needed: %s", routePattern)
	}
	var problem *failure
	if to.pattern, problem = unescape("pattern", name); problem != nil {
		return to, problem
	}
	to.key, problem = unescape("key", key)
	return to, problem
}

func unescape(what, escaped string) (string, *failure) {
	text, err := url.PathUnescape(escaped)
	if err != nil {
		return "", badRequest("the %s in the path is not escaped correctly: %v", what, err)
	}
	return text, checkText(what, text)
}

// checkText refuses what no key can be. Sub-rows and task records have a 0x00
// in their keys, so this also keeps them out of reach.
func checkText(what, text string) *failure {
	if !utf8.ValidString(text) {
		return badRequest("the %s is not valid UTF-8", what)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return badRequest("the %s contains 0x00, which no key does", what)
	}
	return nil
}
