package main

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/asofdb/asof/bench/workload"
)

// door is a server to be measured, and how it is spoken to.
type door struct {
	name, addr string
	dial       func(addr string) (client, error)
}

// client is one connection: it asks for the values of some customers at once, and waits for all of them.
type client interface {
	read(customers []string) error
	Close() error
}

// run is one load.
type run struct {
	law         string // of the customers: even, or Zipf
	connections int
	pipeline    int
	length      time.Duration
	customers   []string
}

type measured struct {
	rate     float64 // customers a second
	p50, p99 float64 // of a request with all in its pipeline, µs
}

func (r run) measure(d door) (measured, error) {
	var (
		work  sync.WaitGroup
		mu    sync.Mutex // guards what follows
		all   []time.Duration
		wrong error
	)
	begin := time.Now()
	for i := range r.connections {
		work.Go(func() {
			took, err := r.one(d, uint64(i))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				wrong = err
			}
		})
	}
	work.Wait()
	elapsed := time.Since(begin)
	if wrong != nil {
		return measured{}, wrong
	}
	slices.Sort(all)
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))].Nanoseconds()) / 1000 }
	return measured{float64(len(all)*r.pipeline) / elapsed.Seconds(), at(0.5), at(0.99)}, nil
}

// one is the load of one connection.
func (r run) one(d door, seed uint64) (took []time.Duration, err error) {
	c, err := d.dial(d.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(seed, 1))
	next := func() int { return rng.IntN(len(r.customers)) }
	if r.law == "Zipf" {
		z := rand.NewZipf(rng, workload.Exponent, 1, uint64(len(r.customers)-1))
		next = func() int { return int(z.Uint64()) }
	}
	ask := make([]string, r.pipeline)
	for end := time.Now().Add(r.length); time.Now().Before(end); {
		for i := range ask {
			ask[i] = r.customers[next()]
		}
		begin := time.Now()
		if err := c.read(ask); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}
