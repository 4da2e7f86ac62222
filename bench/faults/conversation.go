package main

import (
	"errors"
	"fmt"
	"time"
)

// conversation is what the parent and one child say to each other.
type conversation struct {
	r *run
	p *process
}

var (
	errHangs = errors.New("the child hangs: what its goroutines do is in child.log")
	errEnded = errors.New("the child ended by itself: child.log may say why")
)

// hanging is how long a child may take for one step on a busy machine.
const hanging = 90 * time.Second

// await takes events until one is as wanted.
func (c *conversation) await(wanted func(event) bool) error {
	deadline := time.After(hanging)
	for {
		select {
		case e, ok := <-c.p.events:
			if !ok {
				return errEnded
			}
			if err := c.r.ledger.take(e); err != nil || wanted(e) {
				return err
			}
		case <-deadline:
			return errHangs
		}
	}
}

// listen takes events for a while.
func (c *conversation) listen(d time.Duration) error {
	end := time.After(d)
	for {
		select {
		case e, ok := <-c.p.events:
			if !ok {
				return errEnded
			}
			if err := c.r.ledger.take(e); err != nil {
				return err
			}
		case <-end:
			return nil
		}
	}
}

// ask asks a growing sample of all questions again. The answers are held against the first ones as they come.
func (c *conversation) ask() (asked int, err error) {
	sample := c.r.ledger.sample(c.r.rng, min(10+3*c.r.report.killed(), 150))
	for _, q := range sample {
		if err := c.p.ask(q); err != nil {
			return 0, errors.Join(fmt.Errorf("ask: %w", err), errEnded)
		}
	}
	return len(sample), nil
}

// check asks a sample and waits for all answers.
func (c *conversation) check() error {
	left, err := c.ask()
	if err != nil || left == 0 {
		return err
	}
	return c.await(func(e event) bool {
		if e.Asked {
			left--
		}
		return left == 0
	})
}

// close asks the child to end, and ends it at a random moment, or after it has.
func (c *conversation) close() error {
	c.p.terminate()
	if c.r.rng.IntN(2) == 0 {
		err := c.listen(time.Duration(c.r.rng.Int64N(int64(150 * time.Millisecond))))
		if errors.Is(err, errEnded) {
			err = nil // it was fast
		}
		return errors.Join(err, c.r.end(c.p))
	}
	err := c.await(func(e event) bool { return e.Is == "closed" })
	if errors.Is(err, errHangs) {
		c.p.explain()
		return err
	}
	return errors.Join(err, c.r.end(c.p))
}

// drain takes what the child said before its end.
func (c *conversation) drain() error {
	var failure error
	for e := range c.p.events {
		if err := c.r.ledger.take(e); failure == nil {
			failure = err
		}
	}
	<-c.p.waited
	return failure
}
