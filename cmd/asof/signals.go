package main

import (
	"os"
	"os/signal"
	"syscall"
)

// signals turns Ctrl-C and SIGTERM into the end of what runs now. One goroutine at a time.
type signals struct {
	c chan os.Signal
	// got is the signal that ended what ran, nil if none did.
	got os.Signal
}

func newSignals() *signals {
	s := &signals{c: make(chan os.Signal, 2)}
	signal.Notify(s.c, os.Interrupt, syscall.SIGTERM)
	return s
}

// watch calls cancel at the first signal and ends the process at the second: then who sits before it no longer wants to wait.
// The caller calls stop when what cancel would end has ended.
func (s *signals) watch(cancel func()) (stop func()) {
	ended, left := make(chan struct{}), make(chan struct{})
	s.got = nil
	go func() {
		defer close(left)
		for {
			select {
			case sig := <-s.c:
				if s.got != nil {
					os.Exit(signalStatus(sig))
				}
				s.got = sig
				cancel()
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-left
	}
}

// signalStatus is the exit status that a shell gives a process that a signal ended.
func signalStatus(sig os.Signal) int {
	if n, ok := sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}
