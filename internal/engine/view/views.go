package view

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/lookup"
)

// Views are the views of one process.
type Views struct {
	admin *client.Admin
	all   []*View
}

// Open makes views of those specs whose topics exist; if all is set, a topic that does not is an error.
func Open(ctx context.Context, conn client.Connection, specs []Spec, all bool, log *slog.Logger) (*Views, error) {
	admin, err := client.Open(ctx, conn)
	if err != nil {
		return nil, err
	}
	vs := &Views{admin: admin}
	var missing error
	for _, s := range specs {
		v, err := New(ctx, conn, admin, s, log)
		switch {
		case errors.Is(err, client.ErrNoTopic):
			missing = errors.Join(missing, err)
		case err != nil:
			return nil, errors.Join(err, admin.Close())
		default:
			vs.all = append(vs.all, v)
		}
	}
	if missing != nil && (all || len(vs.all) == 0) {
		return nil, errors.Join(fmt.Errorf("%w: start the processor that writes it first", missing), admin.Close())
	}
	return vs, nil
}

// Named picks specs by the names of their tables; none picks all.
func Named(specs []Spec, names []string) ([]Spec, error) {
	if len(names) == 0 {
		return specs, nil
	}
	var picked []Spec
	var known []string
	for _, s := range specs {
		known = append(known, s.Info.Name)
		if slices.Contains(names, s.Info.Name) {
			picked = append(picked, s)
		}
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("there is no table %q: there are %s", n, strings.Join(known, ", "))
		}
	}
	return picked, nil
}

// Tables are the views as the look-up takes them.
func (vs *Views) Tables() []lookup.Table {
	ts := make([]lookup.Table, len(vs.all))
	for i, v := range vs.all {
		ts[i] = v
	}
	return ts
}

// Ready reports which views have not caught up.
func (vs *Views) Ready() error {
	var err error
	for _, v := range vs.all {
		if !v.Ready() {
			err = errors.Join(err, fmt.Errorf("the view of table %s has not caught up", v.spec.Info.Name))
		}
	}
	return err
}

// Run follows all topics until ctx ends.
func (vs *Views) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, v := range vs.all {
		wg.Go(func() { _ = v.Run(ctx) }) // it only returns at the end of ctx
	}
	wg.Wait()
	return nil
}

// Close ends the administrative connection, after Run has returned.
func (vs *Views) Close() error { return vs.admin.Close() }
