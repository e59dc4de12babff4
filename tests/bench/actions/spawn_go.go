// spawn_go RUNS AT_A_TIME PROGRAM: the same by Go's os/exec. Prints how many seconds it took.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func run(program string) int {
	var output, problems bytes.Buffer
	command := exec.Command(program)
	command.Stdout, command.Stderr = &output, &problems
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "spawn_go:", err)
		os.Exit(1)
	}
	return output.Len() + problems.Len()
}

func main() {
	runs, _ := strconv.Atoi(os.Args[1])
	atATime, _ := strconv.Atoi(os.Args[2])
	program := os.Args[3]
	var left, printed atomic.Int64
	left.Store(int64(runs))
	var workers sync.WaitGroup
	began := time.Now()
	for i := 0; i < atATime; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for left.Add(-1) >= 0 {
				printed.Add(int64(run(program)))
			}
		}()
	}
	workers.Wait()
	took := time.Since(began)
	if printed.Load() != int64(3*runs) {
		fmt.Fprintln(os.Stderr, "spawn_go:", printed.Load(), "bytes came")
		os.Exit(1)
	}
	fmt.Printf("%.6f\n", took.Seconds())
}
