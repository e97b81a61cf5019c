package view

import (
	"context"
	"log/slog"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/lookup"
)

// NewRaw makes the view of a topic whose values are asked for as bytes. Run fills it.
func NewRaw(ctx context.Context, conn client.Connection, admin *client.Admin, topic string, log *slog.Logger) (*View, error) {
	return New(ctx, conn, admin, Spec{Info: lookup.Info{Name: topic, Topic: topic}}, log)
}

// Value is what lies under a key now, as its bytes; nil: nothing. It must not be changed.
func (v *View) Value(key string) []byte {
	v.mu.RLock()
	defer v.mu.RUnlock()
	r, ok := v.rows.Get(row{key: key})
	if !ok || len(r.value) == 0 { // other programs' empty values say as little as none
		return nil
	}
	return r.value
}
