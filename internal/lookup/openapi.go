package lookup

import (
	_ "embed"
	"net/http"
)

// openAPI is kept by hand; the tests hold it to what the handler answers.
//
//go:embed openapi.json
var openAPI []byte

func serveOpenAPI(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	writeBody(w, http.StatusOK, "application/json", openAPI)
	return nil
}
