package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/tables"
)

// Named picks declarations by the names of their tables; without names, all whose topics exist.
func Named(ctx context.Context, conn client.Connection, all []tables.Projection, names []string) ([]tables.Projection, error) {
	if len(names) == 0 {
		return existing(ctx, conn, all)
	}
	var some []tables.Projection
	for _, n := range names {
		i := slices.IndexFunc(all, func(p tables.Projection) bool { return p.Table == n })
		if i < 0 {
			return nil, fmt.Errorf("there is no table %s; there are %s", n, tableNames(all))
		}
		some = append(some, all[i])
	}
	return some, nil
}

func existing(ctx context.Context, conn client.Connection, all []tables.Projection) ([]tables.Projection, error) {
	admin, err := client.Open(ctx, conn)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	var some []tables.Projection
	for _, p := range all {
		switch _, err := admin.Partitions(ctx, p.Topic); {
		case err == nil:
			some = append(some, p)
		case !errors.Is(err, client.ErrNoTopic):
			return nil, err
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("none of the result topics exists: start the processor that writes it first; tables can be filled from the topics of %s", tableNames(all))
	}
	return some, nil
}

func tableNames(all []tables.Projection) string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Table
	}
	return strings.Join(names, ", ")
}
