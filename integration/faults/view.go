package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// view is a look-up process that follows a result table while things break. Its rows must be those of the topic in the
// end.
type view struct {
	s     *Stage
	table string
	log   string
	ended chan struct{}
	cmd   *exec.Cmd
}

// startView starts the look-up on a table whose topic exists. It ends with the test.
func startView(s *Stage, table string) (*view, error) {
	v := &view{s: s, table: table, log: s.path("lookup.log"), ended: make(chan struct{})}
	log, err := os.Create(v.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	v.cmd = exec.Command(Build(s.T, "cmd/lookup"), "--brokers", strings.Join(s.Brokers, ","), "--table", table, "--listen", "127.0.0.1:0")
	v.cmd.Stdout, v.cmd.Stderr = log, log
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := v.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { defer close(v.ended); _ = v.cmd.Wait() }()
	s.T.Cleanup(v.stop)
	return v, nil
}

func (v *view) stop() {
	_ = v.cmd.Process.Kill()
	<-v.ended
	if text, err := os.ReadFile(v.log); err == nil && v.s.T.Failed() {
		v.s.T.Logf("log of the look-up:\n%s", tail(string(text), 4<<10))
	}
}

// judge compares the look-up's rows with the topic's, and gives the look-up a while to get there.
func (v *view) judge(ctx context.Context, verdict *Verdict) error {
	want, err := table(v.s, v.table)
	if err != nil {
		return err
	}
	var got map[string][]byte
	for deadline := time.Now().Add(patience / 2); ; {
		if got, err = v.rows(ctx); err == nil && sameRows(got, want) {
			return nil
		}
		select {
		case <-v.ended:
			return fmt.Errorf("the look-up has ended: %v", v.cmd.ProcessState)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("the look-up does not answer: %w", err)
	}
	for key := range want {
		if !bytes.Equal(got[key], want[key]) {
			verdict.wrong("the look-up shows %s as %s, the topic has %s", key, got[key], want[key])
		}
	}
	for key := range got {
		if want[key] == nil {
			verdict.wrong("the look-up shows %s, which is not in the topic", key)
		}
	}
	return nil
}

func sameRows(got, want map[string][]byte) bool {
	for key := range want {
		if !bytes.Equal(got[key], want[key]) {
			return false
		}
	}
	return len(got) == len(want)
}

// rows asks for all, page by page.
func (v *view) rows(ctx context.Context) (map[string][]byte, error) {
	address, err := v.address()
	if err != nil {
		return nil, err
	}
	rows := map[string][]byte{}
	for cursor := ""; ; {
		var answer struct {
			Rows []struct {
				Key   string
				Value json.RawMessage
			}
			Cursor *string
		}
		at := fmt.Sprintf("http://%s/v1/tables/%s?limit=1000", address, v.table)
		if cursor != "" {
			at += "&cursor=" + url.QueryEscape(cursor)
		}
		if err := getJSON(ctx, at, &answer); err != nil {
			return nil, err
		}
		for _, r := range answer.Rows {
			rows[r.Key] = r.Value
		}
		if answer.Cursor == nil {
			return rows, nil
		}
		cursor = *answer.Cursor
	}
}

// address is what the process says that it listens on.
func (v *view) address() (string, error) {
	text, err := os.ReadFile(v.log)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if _, after, ok := strings.Cut(line, "msg=look-ups address="); ok {
			return strings.TrimSpace(after), nil
		}
	}
	return "", errors.New("it does not say where it listens")
}

func getJSON(ctx context.Context, at string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", at, response.Status, text)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, answer)
}
