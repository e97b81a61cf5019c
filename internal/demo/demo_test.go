package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/topologies"
)

// started runs a demo until the test ends. ended gives what Run returned.
func started(t *testing.T, c Config) (url string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	c.Zone, c.Retain, c.Listen, c.Out = settings.Zone, settings.Retain, "127.0.0.1:0", write
	done := make(chan error, 1)
	go func() {
		err := Run(ctx, c)
		write.CloseWithError(fmt.Errorf("the demo ended: %w", err))
		done <- err
	}()
	t.Cleanup(cancel)
	lines := bufio.NewScanner(read)
	for lines.Scan() && url == "" {
		if _, rest, found := strings.Cut(lines.Text(), "Live page:"); found {
			url = strings.TrimSuffix(strings.TrimSpace(rest), "/")
		}
	}
	go io.Copy(io.Discard, read)
	if url == "" {
		t.Fatalf("the demo did not say where its page is: %v", lines.Err())
	}
	return url, cancel, done
}

// answer is nil until the server has one.
func answer[T any](t *testing.T, url string) *T {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil
	}
	v := new(T)
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return v
}

type (
	tableList struct {
		Tables []struct{ Name, Topic string }
	}
	rowList struct{ Rows []json.RawMessage }
)

// filled waits until a table has rows.
func filled(t *testing.T, url, table string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if l := answer[rowList](t, url+"/v1/tables/"+table+"?limit=1"); l != nil && len(l.Rows) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("table %s has no rows after a minute", table)
		}
	}
}

// TestAllTablesOfTheDemoFillAndItEndsWhenItIsTold also holds the end to five seconds: parts that are still
// running then are Run's error.
func TestAllTablesOfTheDemoFillAndItEndsWhenItIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("runs all topologies on a broker")
	}
	url, stop, ended := started(t, Config{Rate: 200, Seed: 1})
	list := answer[tableList](t, url+"/v1/tables")
	if list == nil {
		t.Fatal("no list of tables")
	}
	served := map[string]bool{}
	for _, table := range list.Tables {
		served[table.Name] = true
		filled(t, url, table.Name)
	}
	for _, e := range topologies.All() {
		topology, err := e.New(topologies.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range view.Specs(topology.Plan()) {
			if !served[spec.Info.Name] {
				t.Errorf("table %s of topology %s is not served", spec.Info.Name, e.Name)
			}
		}
	}
	thePageKnows(t, url, list)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// thePageKnows checks that the page has a title for each result.
func thePageKnows(t *testing.T, url string, list *tableList) {
	t.Helper()
	r, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	html, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range list.Tables {
		if table.Name == table.Topic && !strings.Contains(string(html), table.Name) {
			t.Errorf("the page has no title for table %s", table.Name)
		}
	}
}

func TestADemoOfOneUseCaseServesNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a topology on a broker")
	}
	url, stop, ended := started(t, Config{Rate: 200, Seed: 1, Only: []string{"lastpage"}})
	filled(t, url, "user_last_log")
	if list := answer[tableList](t, url+"/v1/tables"); list == nil || len(list.Tables) != 2 {
		t.Errorf("tables %+v, want the pages and their state", list)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAFileOfOrdersIsDrainedAndPrinted(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a topology on a broker")
	}
	file := filepath.Join(t.TempDir(), "orders.jsonl")
	var text strings.Builder
	for i, channel := range []string{"webShop", "appShop", "webShop"} {
		fmt.Fprintf(&text, `{"order_id":"o%d","order_channel":%q,"order_time":"2021-03-25 10:00:00","real_pay":"10.00","pay_time":"2021-03-25 10:00:00","user_id":"u"}`+"\n\n", i, channel)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Run(t.Context(), Config{Zone: settings.Zone, Orders: file, Drain: true, Listen: "127.0.0.1:0", Out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 records from " + file, "\ntrade_channel_collect\n", `"cur_gmv":20,`, `"cur_gmv":10,`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
