// Go's goroutines on one P in the comparison; the figures and their sizes are those of measure.hpp.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	spawns, batch = 1_000_000, 1_000
	switches      = 4_000_000
	contenders    = 100
	turns         = 10_000
	items         = 2_000_000
	parked        = 100_000
)

func cpu() int64 {
	var use syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return use.Utime.Nano() + use.Stime.Nano()
}

func each(began int64, count int) float64 { return float64(cpu()-began) / float64(count) }

func resident() int64 {
	var size, pages int64
	file, err := os.Open("/proc/self/statm")
	if err != nil {
		return 0
	}
	defer file.Close()
	fmt.Fscan(bufio.NewReader(file), &size, &pages)
	return pages * int64(os.Getpagesize())
}

func spawn() float64 {
	began := cpu()
	for done := 0; done < spawns; done += batch {
		var group sync.WaitGroup
		group.Add(batch)
		for i := 0; i < batch; i++ {
			go group.Done()
		}
		group.Wait()
	}
	return each(began, spawns)
}

func yielding(tasks, all int) float64 {
	var group sync.WaitGroup
	group.Add(tasks)
	began := cpu()
	for i := 0; i < tasks; i++ {
		go func() {
			for n := 0; n < all/tasks; n++ {
				runtime.Gosched()
			}
			group.Done()
		}()
	}
	group.Wait()
	return each(began, all)
}

func contended(take, give func()) float64 {
	var group sync.WaitGroup
	group.Add(contenders)
	began := cpu()
	for i := 0; i < contenders; i++ {
		go func() {
			for n := 0; n < turns; n++ {
				take()
				runtime.Gosched()
				give()
			}
			group.Done()
		}()
	}
	group.Wait()
	return each(began, contenders*turns)
}

func lock() float64 {
	var mutex sync.Mutex
	return contended(mutex.Lock, mutex.Unlock)
}

func semaphore() float64 {
	permits := make(chan struct{}, 10)
	return contended(func() { permits <- struct{}{} }, func() { <-permits })
}

var sink uint64

func queueing(capacity int) float64 {
	queue := make(chan uint64, capacity)
	done := make(chan struct{})
	began := cpu()
	go func() {
		for i := 0; i < items; i++ {
			queue <- uint64(i)
		}
	}()
	go func() {
		for i := 0; i < items; i++ {
			sink += <-queue
		}
		close(done)
	}()
	<-done
	return each(began, items)
}

func memory() float64 {
	runtime.GC()
	before := resident()
	for i := 0; i < parked; i++ {
		go func() { time.Sleep(time.Hour) }()
	}
	for i := 0; i < 3; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	return float64(resident()-before) / parked
}

func main() {
	runtime.GOMAXPROCS(1)
	figures := map[string]func() float64{
		"spawn":       spawn,
		"switch_2":    func() float64 { return yielding(2, switches) },
		"switch_1000": func() float64 { return yielding(1000, switches) },
		"gather_10k":  func() float64 { return yielding(10_000, 10_000) },
		"gather_100k": func() float64 { return yielding(100_000, 100_000) },
		"lock":        lock,
		"semaphore":   semaphore,
		"queue_1":     func() float64 { return queueing(1) },
		"queue_1024":  func() float64 { return queueing(1024) },
		"memory":      memory,
	}
	for _, name := range os.Args[1:] {
		if figure, known := figures[name]; known {
			fmt.Printf("%s %.3f\n", name, figure())
		}
	}
}
