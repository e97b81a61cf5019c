package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// checkAlone makes sure that no other process runs this topology under our instance name: each would throw
// the other out of the groups, for ever.
//
// A static member stays in its group for a session timeout after its process has died. One that shows our
// state directory's id can only be our own predecessor, since we hold the directory's lock. Any other is
// given that time to vanish.
func (e *Engine) checkAlone(ctx context.Context) error {
	deadline := time.Now().Add(e.cfg.SessionTimeout + time.Second)
	for {
		err := e.others(ctx)
		if err == nil || !errors.Is(err, errTwice) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

var errTwice = errors.New("the instance name is taken")

// others lists the members that bear our name and are not ours.
func (e *Engine) others(ctx context.Context) error {
	var errs error
	for _, g := range e.topology.Groups {
		members, err := e.admin.Members(ctx, g.Name)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.Instance == instanceID(g.Name, e.cfg.Instance) && !strings.HasSuffix(m.ClientID, "."+e.lock.id) {
				errs = errors.Join(errs, fmt.Errorf("%w: %q is a living member of group %s, on host %s; stop it, or start this one with another --instance",
					errTwice, e.cfg.Instance, g.Name, m.Host))
			}
		}
	}
	return errs
}

// instanceID is the static member's name in a group, and the transactional id.
func instanceID(group, instance string) string { return group + "-" + instance }
