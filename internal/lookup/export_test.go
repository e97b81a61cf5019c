package lookup

import "net/http"

// Routes lists the routes.
func Routes() []string {
	return []string{routePage, routeOpenAPI, routeTables, routeList, routeGet, routeWatch, routePattern}
}

// RouteOf is the route that a request takes.
func RouteOf(r *http.Request) string {
	to, _ := resolve(r.URL.EscapedPath())
	return to.route
}
