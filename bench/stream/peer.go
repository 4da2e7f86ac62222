package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/workload"
)

// peer is the consumer that one would write by hand, and the Redis that it writes to.
type peer struct {
	program string
	redis   *service.Service
	runs    int
}

// withPeer runs fn with the consumer of bench/peers and a Redis.
func withPeer(ctx context.Context, fn func(*peer) error) error {
	return service.With(ctx, "redis", func(r *service.Service) error {
		p := &peer{program: filepath.Join(r.Dir, "consumer"), redis: r}
		build := exec.CommandContext(ctx, "go", "build", "-mod=mod", "-o", p.program, "./consumer")
		build.Dir = filepath.Join(service.Root(), "bench", "peers")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the consumer of bench/peers: %w\n%s", err, out)
		}
		return fn(p)
	})
}

func (p *peer) header() string {
	if p == nil {
		return ""
	}
	return " consumer and Redis | its CPU s | Redis's CPU s | Redis's memory | asof / consumer, changes/s | changes a CPU second |"
}

func (p *peer) rule() string { return strings.Repeat("---|", max(0, strings.Count(p.header(), "|"))) }

// peerResult is what a run of the consumer gave.
type peerResult struct {
	Seconds float64
	CPU     float64
	Values  map[string]values
	redis   time.Duration  // processor time of Redis
	memory  service.Memory // of Redis
}

// read has the consumer read the topic into an empty Redis, and compares its values with asof's answers.
func (p *peer) read(ctx context.Context, address string, r workload.Regime, spec workload.Spec, answers map[string]values) (result peerResult, err error) {
	o, err := redis.ParseURL(p.redis.Address)
	if err != nil {
		return result, err
	}
	db := redis.NewClient(o)
	defer db.Close()
	if err := db.FlushAll(ctx).Err(); err != nil {
		return result, err
	}
	before := p.redis.CPU()
	p.runs++
	cmd := exec.CommandContext(ctx, p.program, "--brokers", address, "--topic", topic, "--group", fmt.Sprintf("features-%d", p.runs), "--redis", p.redis.Address,
		"--lookup="+strconv.FormatBool(r == workload.NoBefore), "--changes", strconv.Itoa(spec.Changes), "--customers", strings.Join(askedNames(), ","),
		"--at", strconv.FormatInt(spec.Commit(spec.Changes-1), 10))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return result, fmt.Errorf("the consumer: %w", err)
	}
	result.redis = p.redis.CPU() - before
	pid, err := p.redis.PID()
	if err == nil {
		result.memory, err = service.Resident(pid)
	}
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return result, err
	}
	return result, result.compare(answers)
}

// compare finds values in which the consumer differs from asof. It has no averages, and counts no orders of a customer that asof has no row of.
func (r peerResult) compare(answers map[string]values) error {
	compared := 0
	for name, theirs := range r.Values {
		ours := answers[name]
		for column, value := range theirs {
			if have := ours[column]; have != value && (have != "" || value != "0") {
				return fmt.Errorf("%s of %s is %q in asof and %q in the consumer's Redis", column, name, have, value)
			}
			compared++
		}
		for column := range ours {
			if _, ok := theirs[column]; !ok && strings.ContainsAny(column[:1], "sm") {
				return fmt.Errorf("%s of %s is %q in asof and not in the consumer's Redis", column, name, ours[column])
			}
		}
	}
	if compared < len(asked) {
		return fmt.Errorf("only %d values of the consumer were compared", compared)
	}
	return nil
}

func (r peerResult) columns(changes int, took time.Duration) string {
	n := float64(changes)
	return fmt.Sprintf(" %.0f K | %.1f | %.1f | %d MB | %.2f | %.0f K |", n/r.Seconds/1000, r.CPU, r.redis.Seconds(), r.memory.Own>>20, r.Seconds/took.Seconds(), n/(r.CPU+r.redis.Seconds())/1000)
}
