package golden

import "strings"

// Check runs a case on an engine and reports what is not as it should be.
func Check(t TB, e Engine, c Case, o Options) {
	t.Helper()
	u, ok := UseCases[c.UseCase]
	if !ok {
		t.Fatalf("the runner does not know use case %s: add it to UseCases", c.UseCase)
		return
	}
	answer, err := u.Answer(c)
	if err != nil {
		t.Fatalf("the answer of case %s: %v", c.Name, err)
		return
	}
	topology, err := u.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	if o.Waiting, err = u.dimension(c); err != nil {
		t.Fatalf("the dimension of case %s: %v", c.Name, err)
		return
	}
	out := e.Run(t, topology, c.Inputs, o)
	Judge(t, c, answer, out)
}

// Judge compares an output with Flink's answer, or with what the case's exception makes of it.
func Judge(t TB, c Case, answer Answer, out Output) {
	t.Helper()
	u := UseCases[c.UseCase]
	diffs := answer.Differences(u, c, out)
	if x, named := Exceptions[c.UseCase+"/"+c.Name]; named {
		if len(diffs) == 0 {
			t.Errorf("the exception is stale, the case is as Flink has it: take it out of Exceptions")
			return
		}
		changed, err := answer.Except(u, x)
		if err != nil {
			t.Fatalf("exception: %v", err)
			return
		}
		diffs = changed.Differences(u, c, out)
	}
	if len(diffs) > 0 {
		t.Errorf("%d differences\n%s", len(diffs), strings.Join(diffs, "\n"))
	}
}
