package faults

import (
	"context"
)

// signals are the faults of processes: how they end, or do not.
func signals() []Fault {
	return []Fault{
		{Name: "killed", About: "SIGKILL of an instance, which starts again at once", Inject: killOne},
		{Name: "all killed", About: "SIGKILL of all instances, which start again at once", Inject: killAll},
		{Name: "dead for long", About: "SIGKILL of an instance, which starts again when its partitions have long been given to others", Inject: killForLong},
		{Name: "stopped", About: "SIGTERM of an instance, which starts again at once", Inject: stopOne},
		{Name: "suspended", About: "SIGSTOP of an instance for longer than its session; then it goes on, a zombie", Inject: suspendOne},
	}
}

func killOne(_ context.Context, s *Stage) error {
	i := s.Pick()
	i.Kill()
	return i.Start()
}

func killAll(_ context.Context, s *Stage) error {
	for _, i := range s.Instances {
		i.Kill()
	}
	for _, i := range s.Instances {
		if err := i.Start(); err != nil {
			return err
		}
	}
	return nil
}

func killForLong(ctx context.Context, s *Stage) error {
	i := s.Pick()
	i.Kill()
	if err := s.Wait(ctx, 2*s.Session); err != nil {
		return err
	}
	if err := s.WaitUpTo(ctx, s.Session); err != nil {
		return err
	}
	return i.Start()
}

func stopOne(_ context.Context, s *Stage) error {
	i := s.Pick()
	if err := i.Terminate(); err != nil {
		return err
	}
	return i.Start()
}

func suspendOne(ctx context.Context, s *Stage) error {
	i := s.Pick()
	if err := i.Stop(); err != nil {
		return err
	}
	if err := s.Wait(ctx, s.Session*3/2); err != nil {
		return err
	}
	if err := s.WaitUpTo(ctx, s.Session); err != nil {
		return err
	}
	return i.Continue()
}
