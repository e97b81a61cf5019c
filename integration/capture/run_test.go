package capture_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
	"github.com/tributary-go/tributary/internal/cdc"
)

func TestASecondCaptureEndsTheFirst(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	b.Fill(0, 1000)
	first := b.Start(b.Config())
	b.AwaitSnapshot()
	second := b.Start(b.Config())
	err := first.Fails()
	if !errors.Is(err, cdc.ErrTaken) || !strings.Contains(err.Error(), "stop one of them") {
		t.Errorf("the first ended with %v", err)
	}
	b.Fill(1000, 1000)
	b.AwaitEqual(clickQuery)
	second.Stop()
	if records := b.Records(); len(records) != 2000 {
		t.Errorf("%d records of 2000 rows", len(records))
	}
}

func TestThePositionFollowsTheLogWhenTheTableIsQuiet(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable, "CREATE TABLE other (a INT PRIMARY KEY)")
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	before, _ := b.Position()
	capture.Await(t, "time to go on", func() bool {
		p, _ := b.Position()
		return p.Time >= before.Time+1000 && time.Since(time.UnixMilli(p.Time)) < time.Minute
	})
	b.Exec("INSERT INTO other VALUES (1)")
	executed := strings.ReplaceAll(b.MySQL.Query(t, "", "SELECT @@GLOBAL.gtid_executed")[0][0], "\n", "")
	capture.Await(t, "the position to follow another table's transaction", func() bool {
		p, _ := b.Position()
		return *p.GTIDs == executed
	})
	r.Stop()
	if n := len(b.Records()); n != 0 {
		t.Errorf("%d records of an empty table", n)
	}
}

func TestTheCaptureGoesOnWhenTheServerComesBack(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	b.Fill(0, 500)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	b.MySQL.Kill(t)
	b.MySQL.Restart(t)
	b.Fill(500, 500)
	b.AwaitEqual(clickQuery)
	r.Stop()
}

func TestAnotherShapeIsRefused(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	r.Stop()
	b.Define(strings.Replace(clickCapture, `{"column": "price"}`, `{"column": "price", "as": "text"}`, 1))
	refused(t, b, b.Config(), "the capture has begun with records of another shape")
}

func TestASnapshotDoesNotGoOnByAnotherPrimaryKey(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	b.Fill(0, 3000)
	c := b.Config()
	c.Options.ChunkRows = 1
	r := b.Start(c)
	capture.Await(t, "a part of the snapshot", func() bool {
		b.MustRun()
		p, _ := b.Position()
		return p.Snapshot.Rows > 0
	})
	r.Stop()
	if p, _ := b.Position(); p.Snapshot.Done {
		t.Skip("the snapshot was too quick")
	}
	b.Exec("ALTER TABLE click_stream ADD UNIQUE (id), DROP PRIMARY KEY, ADD PRIMARY KEY (userSession)")
	refused(t, b, b.Config(), "the snapshot goes by the primary key [id], and the table's is [userSession] now")
}
