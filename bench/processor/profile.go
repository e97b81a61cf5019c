package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

// profile starts a CPU profile and keeps a heap profile of the moment with the most memory in use. stop ends both.
func profile(path string) (stop func() error, err error) {
	cpu, err := os.Create(path + ".cpu")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	var heapErr error
	watching.Go(func() { heapErr = watchHeap(path+".heap", ended) })
	return func() error {
		close(ended)
		watching.Wait()
		pprof.StopCPUProfile()
		return errors.Join(heapErr, cpu.Close())
	}, nil
}

// watchHeap replaces the profile whenever a tenth more is in use than at the last one.
func watchHeap(path string, ended <-chan struct{}) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var most uint64
	for {
		select {
		case <-ended:
			return nil
		case <-t.C:
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapInuse < most+most/10 {
			continue
		}
		most = m.HeapInuse
		if err := writeHeap(path); err != nil {
			return err
		}
	}
}

func writeHeap(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(f), f.Close())
}
