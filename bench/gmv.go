package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	ordersTopic  = "trade_order_detail_info"
	collectTopic = "trade_channel_collect"
)

// gmv runs the channel GMV over the same orders: ours from Kafka to Kafka, Flink's from a file to nowhere.
func (b *bench) gmv(ctx context.Context) (section, error) {
	data := filepath.Join(b.work, "orders")
	want, err := b.produceOrders(ctx, data)
	if err != nil {
		return section{}, err
	}
	var ours []drained
	var cold, warm []flinkRun
	var memory []float64
	for round := range b.rounds {
		d, err := b.drainOrders(ctx, fmt.Sprintf("gmv-%d", round), want)
		if err != nil {
			return section{}, fmt.Errorf("channelgmv: %w", err)
		}
		b.say("Tributary, %d orders: %.1f CPU-s, %.0f records/s, %d MB, broker %.1f CPU-s; exact", b.orders, d.cpu, d.rate, d.peak>>20, d.broker)
		ours = append(ours, d)
		if !b.peers {
			continue
		}
		check := want
		if round > 0 {
			check = nil // the query does not change
		}
		runs, peak, err := b.flink(ctx, fmt.Sprintf("flink-%d", round), data, check)
		if err != nil {
			return section{}, fmt.Errorf("peer flink: %w", err)
		}
		b.say("Flink SQL, %d orders: cold %.1f, warm %.1f CPU-s, warm %.0f records/s, %d MB", b.orders, runs[0].CPU, runs[1].CPU, float64(b.orders)/runs[1].Seconds, peak>>20)
		cold, warm, memory = append(cold, runs[0]), append(warm, runs[1]), append(memory, float64(peak))
	}
	err = errors.Join(b.topics.remove(ctx, ordersTopic), os.RemoveAll(data))
	return b.gmvSection(ours, cold, warm, memory), err
}

// produceOrders writes the orders to Kafka and, for Flink, to two files. It returns the recount.
func (b *bench) produceOrders(ctx context.Context, folder string) (map[string]channelRow, error) {
	if err := errors.Join(os.MkdirAll(folder, 0o755), b.topics.create(ctx, ordersTopic)); err != nil {
		return nil, err
	}
	files, err := newLineFiles(folder, 2)
	if err != nil {
		return nil, err
	}
	out, err := newProducer(b.kafka.address, 5*time.Millisecond)
	if err != nil {
		return nil, errors.Join(err, files.close())
	}
	var memory slab
	g, held := newOrders(), ledger{}
	for range b.orders {
		o := g.take()
		held.add(o)
		value := memory.take(o.append(memory.room(orderRoom)))
		files.write(o.number, value) // all versions of an order in one file, and in one partition, in order
		id := o.id()
		out.send(ctx, ordersTopic, partitionOf(id), id, value)
	}
	return held.rows(), errors.Join(out.close(ctx), files.close())
}

// lineFiles spread lines over files.
type lineFiles struct {
	files   []*os.File
	buffers []*bufio.Writer
}

func newLineFiles(folder string, n int) (*lineFiles, error) {
	l := &lineFiles{}
	for i := range n {
		f, err := os.Create(filepath.Join(folder, fmt.Sprintf("part%d.jsonl", i)))
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.files, l.buffers = append(l.files, f), append(l.buffers, bufio.NewWriterSize(f, 1<<20))
	}
	return l, nil
}

// write adds a line to the file that number stands for. Errors show at close.
func (l *lineFiles) write(number int, line []byte) {
	w := l.buffers[number%len(l.buffers)]
	w.Write(line)
	w.WriteByte('\n')
}

func (l *lineFiles) close() error {
	var err error
	for i, f := range l.files {
		err = errors.Join(err, l.buffers[i].Flush(), f.Close())
	}
	return err
}

// drainOrders lets our process work off the orders. It is done when the result is that of the recount; after the
// process has stopped, the whole topic is read again: it must still be.
func (b *bench) drainOrders(ctx context.Context, run string, want map[string]channelRow) (d drained, err error) {
	state := filepath.Join(b.work, run)
	if err := b.kafka.settle(ctx); err != nil {
		return d, err
	}
	before, err := b.kafka.usage()
	if err != nil {
		return d, err
	}
	p, err := b.channelgmv(run, state, "--from="+reportDay, "--partitions=12")
	if err != nil {
		return d, err
	}
	d, err = b.watchCollect(ctx, p, want)
	if err := errors.Join(err, p.stop()); err != nil {
		return d, err
	}
	d.broker -= before.cpu
	final := map[string]channelRow{}
	err = b.topics.readCommitted(ctx, collectTopic, func(r *kgo.Record) error { return keepRow(final, r) })
	if err == nil {
		err = compareRows(final, want)
	}
	if err != nil {
		return d, err
	}
	return d, errors.Join(b.topics.remove(ctx, channelgmvTopics...), b.topics.forget(ctx, channelgmvGroups...), os.RemoveAll(state))
}

func (b *bench) gmvSection(ours []drained, cold, warm []flinkRun, memory []float64) section {
	million := float64(b.orders) / 1e6
	of := func(f func(drained) float64) float64 { return median(ours, f) }
	s := section{
		title: "Channel GMV, the whole use case",
		text: fmt.Sprintf("%s order records, a third of them later versions of an order: newest version per order, payers and sums per channel, "+
			"corrections included. Tributary runs all four groups in one process, from Kafka to Kafka over three repartition topics, exactly once. "+
			"Flink SQL runs in an embedded cluster of parallelism 2 from files, with its state on the heap, without checkpoints, and throws its "+
			"result away: the least that it can do. Its figures leave out the start of the JVM; ours count from the start of the process. "+
			"%s; our final table was compared with a recount in each, Flink's in the first.", count(b.orders), rounds(b.rounds)),
		table: [][]string{{"", "CPU-s per million", "records/s", "memory, most", "broker, CPU-s per million"}},
	}
	own := of(drained.cpuSeconds) / million
	s.table = append(s.table, []string{"Tributary", figure(own), count(int(of(func(d drained) float64 { return d.rate }))),
		megabytes(of(func(d drained) float64 { return float64(d.peak) })), figure(of(func(d drained) float64 { return d.broker }) / million)})
	if len(warm) == 0 {
		return s
	}
	cpu := func(r flinkRun) float64 { return r.CPU }
	rate := func(r flinkRun) float64 { return float64(b.orders) / r.Seconds }
	same := func(m float64) float64 { return m }
	s.table = append(s.table,
		[]string{"Flink SQL, cold", figure(median(cold, cpu) / million), count(int(median(cold, rate))), "", ""},
		[]string{"Flink SQL, warm", figure(median(warm, cpu) / million), count(int(median(warm, rate))), megabytes(median(memory, same)), ""})
	s.after = fmt.Sprintf("Tributary needs **%s** of warm Flink's CPU time per record. The bar is 0.5.", figure(own/(median(warm, cpu)/million)))
	return s
}
